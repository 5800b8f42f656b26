import * as z from 'zod';
import { TASKS_EXTENSION_ID } from '../message/meta-keys.ts';
import { jsonObject } from '../schema/fields.ts';
import { frozen } from '../schema/frozen.ts';
import { isJsonObject, type JsonObject } from '../schema/json.ts';
import { field, openObject } from '../schema/schema.ts';
import type { WireSchema } from '../schema/wire-schema.ts';

/** Capabilities that a client declares on each 2026-07-28 request. Unknown keys pass through. */
export interface ClientCapabilities2026 {
  readonly sampling?: SamplingCapability2026 | undefined;
  readonly elicitation?: ElicitationCapability2026 | undefined;
  readonly roots?: RootsCapability2026 | undefined;
  readonly experimental?: Record<string, JsonObject> | undefined;
  /** By identifier. */
  readonly extensions?: Record<string, JsonObject> | undefined;
}

/** The client's roots can be asked for. */
export interface RootsCapability2026 {
  readonly listChanged?: boolean | undefined;
}

/** The client's model can be asked. */
export interface SamplingCapability2026 {
  readonly context?: JsonObject | undefined;
  readonly tools?: JsonObject | undefined;
}

/** The person behind the client can be asked; an empty object means forms. */
export interface ElicitationCapability2026 {
  readonly form?: JsonObject | undefined;
  readonly url?: JsonObject | undefined;
}

/** `error.data` of -32021. @see SEP-2663, "Capability Negotiation" */
export interface MissingCapabilityData2026 {
  /** The capabilities that the request lacks. */
  readonly requiredCapabilities: ClientCapabilities2026;
}

/** {@link ClientCapabilities2026}. */
export const ClientCapabilities2026Schema: WireSchema<ClientCapabilities2026> = openObject<ClientCapabilities2026>()({
  sampling: field(
    openObject<SamplingCapability2026>()({ context: jsonObject.optional(), tools: jsonObject.optional() }),
  ).optional(),
  elicitation: field(
    openObject<ElicitationCapability2026>()({ form: jsonObject.optional(), url: jsonObject.optional() }),
  ).optional(),
  roots: field(openObject<RootsCapability2026>()({ listChanged: z.boolean().optional() })).optional(),
  experimental: z.record(z.string(), jsonObject).optional(),
  extensions: z.record(z.string(), jsonObject).optional(),
});

/** {@link MissingCapabilityData2026}. */
export const MissingCapabilityData2026Schema: WireSchema<MissingCapabilityData2026> =
  openObject<MissingCapabilityData2026>()({ requiredCapabilities: field(ClientCapabilities2026Schema) });

/** The value that servers and clients put in `capabilities.extensions`: exactly the empty object. Frozen. */
export const TASKS_EXTENSION_CAPABILITY_2026: { readonly [TASKS_EXTENSION_ID]: Readonly<Record<string, never>> } =
  frozen({ [TASKS_EXTENSION_ID]: {} });

/** `error.data` of -32021 when the request does not declare the tasks extension. Frozen. */
export const TASKS_EXTENSION_MISSING_2026: MissingCapabilityData2026 = frozen({
  requiredCapabilities: { extensions: TASKS_EXTENSION_CAPABILITY_2026 },
});

/**
 * Tell whether client capabilities declare the tasks extension: any object at its key counts.
 *
 * @param capabilities - what the request carries, unchecked
 *
 * @example
 * declaresTasksExtension({ extensions: { 'io.modelcontextprotocol/tasks': {} } }); // true
 */
export function declaresTasksExtension(capabilities: unknown): boolean {
  const extensions = ownValue(capabilities, 'extensions');
  return isJsonObject(ownValue(extensions, TASKS_EXTENSION_ID));
}

function ownValue(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}
