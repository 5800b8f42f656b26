/** Any JSON value. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;

/** A JSON object. A key whose value is `undefined` is absent on the wire. */
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined;
}

/**
 * Tell whether a value is an object and neither null nor an array. What it holds is not walked.
 *
 * @example
 * import { isJsonObject } from '@mcp-tasks/wire';
 *
 * const message: unknown = JSON.parse('{"method":"tasks/get"}');
 * const method = isJsonObject(message) ? message['method'] : undefined;
 */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
