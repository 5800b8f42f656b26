import type { TaskLimits } from '../port/limits.ts';
import type { TaskEntry, TaskEntryKey } from '../port/record.ts';
import { oversizeOf } from '../port/size.ts';
import { TaskError, type TaskErrorCode } from '../port/task-error.ts';
import { cutUtf8, isWellFormed, utf8Bytes } from '../port/text.ts';

/** The limits that hold for variables. */
export type VariableLimits = Pick<TaskLimits, 'maxVariablesBytes' | 'maxVariableStringBytes' | 'maxVariableDepth'>;

/** Variables of one task: JSON texts by name, and the size of all as one JSON object. */
export interface Variables {
  readonly values: ReadonlyMap<string, string>;
  readonly bytes: number;
}

/** Changes of a merge: the entries to write, and the size of all variables after it. */
export interface VariableChange {
  readonly put: readonly TaskEntry[];
  readonly delete: readonly TaskEntryKey[];
  readonly bytes: number;
}

/** The kind of entry of variables, or of published ones; limits apply to each kind by itself. */
export type VariableKind = 'variable' | 'published';

/** Read the variables of this kind from the entries of a record. */
export function readVariables(entries: readonly TaskEntry[], kind: VariableKind = 'variable'): Variables {
  const values = new Map<string, string>();
  for (const entry of entries) if (entry.kind === kind) values.set(entry.name, entry.value);
  let bytes = objectBytes(values.size);
  for (const [name, json] of values) bytes += pairBytes(name, json);
  return { values, bytes };
}

/**
 * Merge values into variables: new names are added, known ones replaced, `null` deletes. All or none; pure.
 *
 * @param values - any JSON; an object with `toJSON` counts as the value that it returns, an `undefined` property as
 *   absent.
 * @throws {TaskError} VARIABLE_TOO_LARGE, VARIABLE_STRING_TOO_LONG, VARIABLE_TOO_DEEP, VARIABLE_INVALID: message and
 *   details name the variable and the limit.
 */
export function mergeVariables(
  current: Variables,
  values: Readonly<Record<string, unknown>>,
  limits: VariableLimits,
  kind: VariableKind = 'variable',
): VariableChange {
  const put: TaskEntry[] = [];
  const deleted: TaskEntryKey[] = [];
  let count = current.values.size;
  let bytes = current.bytes - objectBytes(count);
  let largest = { name: '', characters: -1 };
  for (const [name, value] of Object.entries(values)) {
    const stored = current.values.get(name);
    if (stored !== undefined) {
      count -= 1;
      bytes -= pairBytes(name, stored);
    }
    if (value === null) {
      if (stored !== undefined) deleted.push({ kind, name });
      continue;
    }
    const json = variableJson(name, value, limits);
    put.push({ kind, name, value: json });
    count += 1;
    bytes += pairBytes(name, json);
    if (json.length > largest.characters) largest = { name, characters: json.length };
  }
  bytes += objectBytes(count);
  if (put.length > 0 && bytes > limits.maxVariablesBytes) throw tooLarge(largest.name, limits, bytes);
  return { put, delete: deleted, bytes };
}

/** Count the bytes of a JSON object with this many pairs, without the pairs: braces and commas. */
function objectBytes(pairs: number): number {
  return 2 + Math.max(0, pairs - 1);
}

function pairBytes(name: string, json: string): number {
  return utf8Bytes(JSON.stringify(name)) + 1 + utf8Bytes(json);
}

/** Write a variable as JSON text, within the limits for one value. */
function variableJson(name: string, value: unknown, limits: VariableLimits): string {
  if (!isWellFormed(name)) throw invalid(name, 'its name is not well-formed Unicode');
  checkString(name, name, limits);
  // Check before the value is turned into JSON: neither a deep nor an endless value may reach code that recurses.
  checkTree(name, value, limits);
  return JSON.stringify(value);
}

/** Walk a value with a stack of its own, no deeper and no farther than the limits allow. */
function checkTree(name: string, root: unknown, limits: VariableLimits): void {
  const stack: { readonly value: unknown; readonly depth: number }[] = [{ value: root, depth: 0 }];
  let leastBytes = 0;
  const spend = (bytes: number) => {
    leastBytes += bytes;
    if (leastBytes > limits.maxVariablesBytes) throw tooLarge(name, limits);
  };
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    const value = asJson(node.value);
    const depth = node.depth + 1;
    if (node.depth > limits.maxVariableDepth) throw tooDeep(name, limits);
    if (typeof value === 'string') {
      checkString(name, value, limits);
      spend(value.length);
    } else if (Array.isArray(value)) {
      spend(value.length);
      // Array.from also fills holes, which are not JSON either.
      for (const item of Array.from(value as unknown[])) stack.push({ value: item, depth });
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) {
        if (item === undefined) continue;
        checkString(name, key, limits);
        spend(key.length + 1);
        stack.push({ value: item, depth });
      }
    } else if (!isJsonScalar(value)) {
      throw invalid(name, `${typeof value === 'number' ? String(value) : typeof value} is not JSON`);
    }
  }
}

function asJson(value: unknown): unknown {
  const isObject = typeof value === 'object' && value !== null;
  return isObject && 'toJSON' in value && typeof value.toJSON === 'function'
    ? (value.toJSON as () => unknown)()
    : value;
}

function isJsonScalar(value: unknown): boolean {
  return value === null || typeof value === 'boolean' || Number.isFinite(value);
}

function checkString(name: string, text: string, limits: VariableLimits): void {
  const size = oversizeOf(text, limits.maxVariableStringBytes);
  if (size === undefined) return;
  const { actualBytes, limitBytes } = size;
  const because = `holds a string of ${actualBytes} bytes; the limit is ${limitBytes}`;
  throw variableError('VARIABLE_STRING_TOO_LONG', name, because, { actualBytes, limitBytes });
}

function tooDeep(name: string, { maxVariableDepth: limitLevels }: VariableLimits): TaskError {
  return variableError('VARIABLE_TOO_DEEP', name, `nests deeper than ${limitLevels} levels`, { limitLevels });
}

function tooLarge(name: string, { maxVariablesBytes: limitBytes }: VariableLimits, actualBytes?: number): TaskError {
  const size = actualBytes === undefined ? `more than ${limitBytes}` : String(actualBytes);
  const text = `does not fit: all variables of the task would take ${size} bytes; the limit is ${limitBytes}`;
  return variableError('VARIABLE_TOO_LARGE', name, text, {
    ...(actualBytes !== undefined && { actualBytes }),
    limitBytes,
  });
}

function invalid(name: string, reason: string): TaskError {
  return variableError('VARIABLE_INVALID', name, `cannot be stored: ${reason}`, {});
}

function variableError(code: TaskErrorCode, name: string, text: string, details: Record<string, number>): TaskError {
  const variable = cutUtf8(name, 256);
  // eslint-disable-next-line no-restricted-syntax -- as JSON it is in quotes
  return new TaskError(code, `Variable ${JSON.stringify(variable)} ${text}.`, { details: { variable, ...details } });
}
