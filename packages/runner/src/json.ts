import { createHash } from 'node:crypto';
import { TaskError } from '@mcp-tasks/store';
import type { JsonObject, JsonValue } from '@mcp-tasks/wire';

/** For a function or a symbol there is no text. */
const stringify: (value: unknown) => string | undefined = JSON.stringify;

/**
 * A value as JSON text; `undefined` stays `undefined`.
 *
 * @throws {TaskError} VALUE_NOT_JSON - a function, a symbol, a BigInt, a cycle, or nested too deep.
 */
export function toJson(value: unknown, what: string): string | undefined {
  if (value === undefined) return undefined;
  let text: string | undefined;
  try {
    text = stringify(value);
  } catch (error) {
    throw new TaskError('VALUE_NOT_JSON', `${what} cannot be written as JSON: ${messageOf(error)}`, { cause: error });
  }
  if (text === undefined)
    throw new TaskError('VALUE_NOT_JSON', `${what} cannot be written as JSON: it is a ${typeof value}`);
  return text;
}

/** Parse JSON text that this package wrote. */
export function fromJson(text: string): JsonValue {
  return JSON.parse(text) as JsonValue;
}

/** Tell whether a value is an object and neither null nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The text that the MCP SDK makes of a caught value: an error's message, else the value as a string. Never throws. */
export function messageOf(thrown: unknown): string {
  try {
    const isErrorLike = typeof thrown === 'object' && thrown !== null && 'message' in thrown;
    return String(isErrorLike ? thrown.message : thrown);
  } catch {
    return 'the thrown value cannot be shown';
  }
}

/** SHA-256, in hex, of a tool and its arguments; the order of properties does not matter. */
export function callDigest(tool: string, args: JsonObject): string {
  return createHash('sha256')
    .update(`${tool}\0${canonicalJson(args)}`)
    .digest('hex');
}

function canonicalJson(value: JsonValue | undefined): string {
  if (Array.isArray(value)) return `[${value.map((item: JsonValue) => canonicalJson(item)).join()}]`;
  if (!isJsonObject(value)) return JSON.stringify(value ?? null);
  const properties = Object.keys(value)
    .filter((name) => value[name] !== undefined)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name])}`);
  return `{${properties.join()}}`;
}
