import * as z from 'zod';
import { meta } from '../schema/fields.ts';
import { field, oneOf, openObject } from '../schema/schema.ts';
import type { WireSchema } from '../schema/wire-schema.ts';
import { type FormSchema, FormSchemaSchema } from './form.ts';
import { type MessageMeta, MessageMetaSchema, type ResultMeta } from './json-rpc.ts';

/**
 * Params of `elicitation/create` with a form, the same in both generations. @see 2025-11-25, Elicitation, "Form Mode
 * Elicitation Requests"
 */
export interface ElicitFormParams {
  readonly mode?: 'form' | undefined;
  /** Text for the person. */
  readonly message: string;
  readonly requestedSchema: FormSchema;
  readonly _meta?: MessageMeta | undefined;
}

/**
 * Params of `elicitation/create` with an address to visit. @see 2026-07-28, Elicitation, "URL Mode Elicitation
 * Requests"
 */
export interface ElicitUrlParams2026 {
  readonly mode: 'url';
  readonly message: string;
  readonly url: string;
  readonly _meta?: MessageMeta | undefined;
}

/**
 * As in 2026-07-28, with an id that ties the completion notification. @see 2025-11-25, Elicitation, "URL Mode
 * Elicitation Requests"
 */
export interface ElicitUrlParams2025 extends ElicitUrlParams2026 {
  readonly elicitationId: string;
}

/** Params of `elicitation/create` in 2025-11-25. */
export type ElicitParams2025 = ElicitFormParams | ElicitUrlParams2025;

/** Params of `elicitation/create` in 2026-07-28. */
export type ElicitParams2026 = ElicitFormParams | ElicitUrlParams2026;

/** A value that a person entered. */
export type FormValue = string | number | boolean | string[];

/** Answer to `elicitation/create`, the same in both generations. @see 2025-11-25, Elicitation, "Response Actions" */
export interface ElicitResult {
  readonly action: 'accept' | 'decline' | 'cancel';
  /** Present with `accept` to a form. `null`, which some clients send for an absent one, is read as absent. */
  readonly content?: Record<string, FormValue> | undefined;
  readonly _meta?: ResultMeta | undefined;
}

const elicit = { message: z.string(), _meta: field(MessageMetaSchema).optional() };
const urlMode = { ...elicit, mode: z.literal('url'), url: z.url() };

/** {@link ElicitFormParams}. */
export const ElicitFormParamsSchema: WireSchema<ElicitFormParams> = openObject<ElicitFormParams>()({
  ...elicit,
  mode: z.literal('form').optional(),
  requestedSchema: field(FormSchemaSchema),
});

/** {@link ElicitParams2025}. */
export const ElicitParams2025Schema: WireSchema<ElicitParams2025> = oneOf<ElicitParams2025>()(
  [ElicitFormParamsSchema, openObject<ElicitUrlParams2025>()({ ...urlMode, elicitationId: z.string() })],
  'mode',
);

/** {@link ElicitParams2026}. */
export const ElicitParams2026Schema: WireSchema<ElicitParams2026> = oneOf<ElicitParams2026>()(
  [ElicitFormParamsSchema, openObject<ElicitUrlParams2026>()(urlMode)],
  'mode',
);

const formValues = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]));

/** {@link ElicitResult}. */
export const ElicitResultSchema: WireSchema<ElicitResult> = openObject<ElicitResult>()({
  action: z.enum(['accept', 'decline', 'cancel']),
  content: z.preprocess((content) => content ?? undefined, formValues.optional()),
  _meta: meta.optional(),
});
