import { isJsonObject, type JsonValue } from '@mcp-tasks/wire';
import { isWholeArguments, type Origin, referenceOf } from './reference.ts';
import type { ValueSource } from './source.ts';

/** How a value is made: a constant, a source, or an object or array of bindings of which at least one is a source. */
export type ValueBinding =
  | { readonly kind: 'constant'; readonly value: JsonValue }
  | { readonly kind: 'source'; readonly source: ValueSource }
  | { readonly kind: 'object'; readonly fields: readonly (readonly [string, ValueBinding])[] }
  | { readonly kind: 'array'; readonly items: readonly ValueBinding[] };

/** Arguments of a step, by name, in the order of the definition. */
export type ArgumentBindings = readonly (readonly [string, ValueBinding])[];

/**
 * A value as the author wrote it, taken apart.
 *
 * @param fail - makes the error, from what is wrong.
 */
export function bindValue(origin: Origin, value: unknown, fail: (problem: string) => TypeError): ValueBinding {
  const reference = referenceOf(value);
  if (reference !== undefined) {
    if (reference.origin === origin) return { kind: 'source', source: reference.source };
    throw fail(`refers to workflow "${reference.origin.workflow}"${sameNameHint(reference.origin, origin)}`);
  }
  if (isWholeArguments(value)) throw fail('is all prompt arguments at once: name the one that is wanted');
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => bindValue(origin, item, fail));
    return items.every((item) => item.kind === 'constant')
      ? { kind: 'constant', value: items.map((item) => item.value) }
      : { kind: 'array', items };
  }
  if (isPlainObject(value)) {
    const fields = Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .map(([name, field]) => [name, bindValue(origin, field, fail)] as const);
    return fields.every((field): field is [string, ValueBinding & { kind: 'constant' }] => field[1].kind === 'constant')
      ? { kind: 'constant', value: Object.fromEntries(fields.map(([name, { value: constant }]) => [name, constant])) }
      : { kind: 'object', fields };
  }
  return { kind: 'constant', value: constantOf(value, fail) };
}

function sameNameHint(from: Origin, to: Origin): string {
  return from.workflow === to.workflow ? ', another one of this name' : '; a step sees only its own workflow';
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (!isJsonObject(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function constantOf(value: unknown, fail: (problem: string) => TypeError): JsonValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw fail(`is neither a reference nor a JSON value (${describe(value)})`);
}

function describe(value: unknown): string {
  if (typeof value === 'number') return String(value);
  return typeof value === 'object' ? (value?.constructor.name ?? 'object') : typeof value;
}

/** Every source of a binding, in order. */
export function sourcesOf(binding: ValueBinding): readonly ValueSource[] {
  if (binding.kind === 'source') return [binding.source];
  if (binding.kind === 'array') return binding.items.flatMap(sourcesOf);
  return binding.kind === 'object' ? binding.fields.flatMap(([, field]) => sourcesOf(field)) : [];
}
