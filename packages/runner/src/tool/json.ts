import { createHash } from 'node:crypto';
import { TaskError } from '@mcp-tasks/store';
import { isJsonObject, type JsonObject, type JsonValue } from '@mcp-tasks/wire';
import { sentence } from './sentence.ts';

/**
 * Largest number of levels of arrays and objects in one value. Code that walks JSON by recursion has stack for about
 * twice as many.
 */
const MAX_LEVELS = 1_024;
const TOO_DEEP = `nested too deeply, the limit is ${MAX_LEVELS} levels`;

/** `JSON.stringify` with its full type: a function or a symbol has no text. */
const stringify: (value: unknown) => string | undefined = JSON.stringify;

/**
 * Write a value as JSON text; `undefined` stays `undefined`.
 *
 * @param what - beginning of the error's message.
 * @throws {TaskError} VALUE_NOT_JSON - a function, a symbol, a BigInt, a cycle, or more than 1,024 levels deep.
 */
export function toJson(value: unknown, what: string): string | undefined {
  if (value === undefined) return undefined;
  let text: string | undefined;
  try {
    text = stringify(value);
  } catch (error) {
    throw notJson(what, isStackOverflow(error) ? TOO_DEEP : messageOf(error), error);
  }
  if (text === undefined) throw notJson(what, `it is a ${typeof value}`);
  // Each level takes at least two characters.
  if (text.length > 2 * MAX_LEVELS && isTooDeep(value)) throw notJson(what, TOO_DEEP);
  return text;
}

function notJson(what: string, because: string, cause?: unknown): TaskError {
  return new TaskError('VALUE_NOT_JSON', sentence(`${what} cannot be written as JSON: ${because}`), { cause });
}

/** Tell whether a caught value says that a value was too deep to be walked. */
export function isStackOverflow(thrown: unknown): boolean {
  return thrown instanceof RangeError && thrown.message.includes('call stack');
}

function isTooDeep(value: unknown, levelsLeft = MAX_LEVELS): boolean {
  const json = hasToJson(value) ? value.toJSON() : value;
  if (typeof json !== 'object' || json === null) return false;
  const parts: readonly unknown[] = Array.isArray(json) ? json : Object.values(json);
  return levelsLeft === 0 || parts.some((part) => isTooDeep(part, levelsLeft - 1));
}

function hasToJson(value: unknown): value is { toJSON(): unknown } {
  return typeof value === 'object' && value !== null && 'toJSON' in value && typeof value.toJSON === 'function';
}

/** Parse JSON text that this package wrote. */
export function fromJson(text: string): JsonValue {
  return JSON.parse(text) as JsonValue;
}

/**
 * Make the text that the MCP SDK makes of a caught value: an error's message, else the value as a string. Never throws.
 */
export function messageOf(thrown: unknown): string {
  try {
    const isErrorLike = typeof thrown === 'object' && thrown !== null && 'message' in thrown;
    return String(isErrorLike ? thrown.message : thrown);
  } catch {
    return 'the thrown value cannot be shown';
  }
}

/** Compute the SHA-256, in hex, of a tool and its arguments; the order of properties does not matter. */
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
