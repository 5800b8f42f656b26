/**
 * Why an author's schema cannot be shown to clients. A list of tools shows the JSON Schema of all of them, so that one
 * that has none takes all tools away, without naming itself: it is told when it is registered.
 */
import { isJsonObject } from '@mcp-tasks/wire';
import type { AuthorSchema } from '../api/schema.ts';
import { messageOf } from './json.ts';

/** The side of a schema: the values that it takes, or those that it makes. */
export type SchemaSide = 'input' | 'output';

/** The schema to write instead, by the kind of schema that has no JSON Schema. */
const WAYS_OUT: Readonly<Record<string, string>> = {
  date: 'use z.iso.datetime(), a text, and make a Date of it in the handler',
  bigint: 'use z.int(), or z.string() where the number may be larger',
  map: 'use z.record(z.string(), ...)',
  set: 'use z.array(...)',
  custom: 'use a schema of plain JSON, with .refine() for the rest',
  transform: 'end it with .pipe() of a schema of what comes out',
  symbol: 'use z.string()',
  undefined: 'use .optional() of another schema',
  void: 'use .optional() of another schema',
  nan: 'use z.number()',
  literal: 'use a literal text, number or boolean',
};

/**
 * Say why a schema has no JSON Schema, where in it, and what to write instead, without a period; `undefined` when it has
 * one.
 */
export function schemaProblem(schema: AuthorSchema, side: SchemaSide): string | undefined {
  const because = refusalOf(schema, side);
  if (because === undefined) return undefined;
  const { path, kind } = faultIn(schema, side);
  const where = path.length === 0 ? '' : `"${path.join('.')}" `;
  const wayOut = Object.hasOwn(WAYS_OUT, kind) ? WAYS_OUT[kind] : 'use a schema of plain JSON';
  return `${where}cannot be shown to clients: ${because.replace(/\.$/u, '')}; ${wayOut ?? ''}`;
}

/** Say why a schema is not one of objects; `undefined` when it may be. It has a JSON Schema. */
export function objectProblem(schema: AuthorSchema, side: SchemaSide): string | undefined {
  const { type } = jsonSchemaOf(schema, side);
  if (type === undefined || type === 'object') return undefined;
  return `must describe an object, not ${JSON.stringify(type)}; put it into one, as in z.object({ value: ... })`;
}

/** The JSON Schema of one side of a schema. */
function jsonSchemaOf(schema: AuthorSchema, side: SchemaSide): Record<string, unknown> {
  return schema['~standard'].jsonSchema[side]({ target: 'draft-2020-12' });
}

function refusalOf(schema: AuthorSchema, side: SchemaSide): string | undefined {
  try {
    jsonSchemaOf(schema, side);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

interface Fault {
  readonly path: readonly string[];
  /** As the schema library calls it; empty = it does not say. */
  readonly kind: string;
}

/** The innermost schema that has no JSON Schema by itself: found from outside in, so that its path can be named. */
function faultIn(schema: AuthorSchema, side: SchemaSide, seen = new Set<unknown>()): Fault {
  seen.add(schema);
  const definition = definitionOf(schema);
  for (const [step, part] of partsOf(definition)) {
    if (seen.has(part) || refusalOf(part, side) === undefined) continue;
    const inside = faultIn(part, side, seen);
    return { ...inside, path: [...(step === undefined ? [] : [step]), ...inside.path] };
  }
  const { type } = definition;
  return { path: [], kind: typeof type === 'string' ? type : '' };
}

/** How zod keeps what a schema is made of; an empty object for other libraries, whose own words name the place. */
function definitionOf(schema: AuthorSchema): Readonly<Record<string, unknown>> {
  const { def } = schema as { readonly def?: unknown };
  return isJsonObject(def) ? def : {};
}

type Part = readonly [step: string | undefined, schema: AuthorSchema];

function partsOf(definition: Readonly<Record<string, unknown>>): readonly Part[] {
  const { shape, items, options, getter } = definition;
  const all: (readonly [string | undefined, unknown])[] = [
    ...Object.entries(isJsonObject(shape) ? shape : {}),
    ...(Array.isArray(items) ? items.map((item: unknown, index) => [String(index), item] as const) : []),
    ...(Array.isArray(options) ? options.map((option: unknown) => [undefined, option] as const) : []),
    ['[]', definition['element']],
    ['*', definition['valueType']],
    ...['keyType', 'innerType', 'in', 'out', 'left', 'right', 'rest'].map(
      (name) => [undefined, definition[name]] as const,
    ),
    [undefined, typeof getter === 'function' ? (getter as () => unknown)() : undefined],
  ];
  return all.filter((part): part is Part => isAuthorSchema(part[1]));
}

/** Tell whether a value is a schema as authors may give one. */
export function isAuthorSchema(value: unknown): value is AuthorSchema {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false;
  const standard = (value as { '~standard'?: { validate?: unknown; jsonSchema?: unknown } })['~standard'];
  return typeof standard?.validate === 'function' && typeof standard.jsonSchema === 'object';
}

/** Say why a value is no schema that authors may give, and what to do. */
export function notSchema(value: unknown): string {
  const must = 'must be a Standard Schema with JSON Schema, such as z.object({ ... }) of zod 4.2 or newer';
  const members = typeof value === 'object' && value !== null ? Object.values(value) : [];
  if (members.some((member) => isAuthorSchema(member))) return `${must}: put the fields into z.object({ ... })`;
  const isOld = typeof value === 'object' && value !== null && ('~standard' in value || '_def' in value);
  return isOld ? `${must}: this schema is of an older version, or of a library without JSON Schema` : must;
}
