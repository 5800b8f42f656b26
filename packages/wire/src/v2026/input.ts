import * as z from 'zod';
import {
  type ElicitParams2026,
  ElicitParams2026Schema,
  type ElicitResult,
  ElicitResultSchema,
} from '../message/elicitation.ts';
import {
  type CreateMessageParams,
  CreateMessageParamsSchema,
  type CreateMessageResult,
  CreateMessageResultSchema,
} from '../message/sampling.ts';
import { jsonObject, meta } from '../schema/fields.ts';
import type { JsonObject } from '../schema/json.ts';
import { field, oneOf, openObject, schemaOf } from '../schema/schema.ts';
import type { WireSchema } from '../schema/wire-schema.ts';

/** Asks the person behind the client. */
export interface ElicitRequest2026 {
  readonly method: 'elicitation/create';
  readonly params: ElicitParams2026;
}

/** Asks the client's model. */
export interface CreateMessageRequest2026 {
  readonly method: 'sampling/createMessage';
  readonly params: CreateMessageParams;
}

/** Asks for the client's roots. */
export interface ListRootsRequest2026 {
  readonly method: 'roots/list';
  readonly params?: JsonObject | undefined;
}

/** One question to the client. @see 2026-07-28, Multi Round-Trip Requests */
export type InputRequest2026 = ElicitRequest2026 | CreateMessageRequest2026 | ListRootsRequest2026;

/** Questions by key; a key is unique for the life of its task. @see SEP-2663, "Task Update Requests" */
export type InputRequests2026 = Record<string, InputRequest2026>;

/** A place that the client lets the server work in. */
export interface Root2026 {
  readonly uri: string;
  readonly name?: string | undefined;
  readonly _meta?: Record<string, unknown> | undefined;
}

/** Answer to `roots/list`. */
export interface ListRootsResult2026 {
  readonly roots: Root2026[];
}

/** One answer: the result of the question's method. */
export type InputResponse2026 = ElicitResult | ListRootsResult2026 | CreateMessageResult;

/** Answers by the keys of their questions. */
export type InputResponses2026 = Record<string, InputResponse2026>;

/** {@link InputRequest2026}. */
export const InputRequest2026Schema: WireSchema<InputRequest2026> = oneOf<InputRequest2026>()(
  [
    openObject<ElicitRequest2026>()({ method: z.literal('elicitation/create'), params: field(ElicitParams2026Schema) }),
    openObject<CreateMessageRequest2026>()({
      method: z.literal('sampling/createMessage'),
      params: field(CreateMessageParamsSchema),
    }),
    openObject<ListRootsRequest2026>()({ method: z.literal('roots/list'), params: jsonObject.optional() }),
  ],
  'method',
);

/** {@link InputRequests2026}. */
export const InputRequests2026Schema: WireSchema<InputRequests2026> = schemaOf(
  z.record(z.string(), field(InputRequest2026Schema)),
);

/** {@link ListRootsResult2026}. */
export const ListRootsResult2026Schema: WireSchema<ListRootsResult2026> = openObject<ListRootsResult2026>()({
  roots: z.array(
    field(openObject<Root2026>()({ uri: z.string(), name: z.string().optional(), _meta: meta.optional() })),
  ),
});

/** {@link InputResponse2026}: tells nothing about whether it answers the question; the question's own schema does. */
export const InputResponse2026Schema: WireSchema<InputResponse2026> = oneOf<InputResponse2026>()([
  ElicitResultSchema,
  ListRootsResult2026Schema,
  CreateMessageResultSchema,
]);

/** {@link InputResponses2026}. */
export const InputResponses2026Schema: WireSchema<InputResponses2026> = schemaOf(
  z.record(z.string(), field(InputResponse2026Schema)),
);
