import type { AuthorSchema } from '@mcp-tasks/runner';
import { schemaProblem } from '@mcp-tasks/runner/engine';
import { isJsonObject, type JsonObject } from '@mcp-tasks/wire';
import { knownJsonSchema, listedProperties } from './json-schema.ts';

const NO_BOOLEAN = 'neither';

/** The schema to write instead, by the type that is wanted. */
const ADVICE: Readonly<Record<string, string>> = {
  number: 'use a schema that reads a text, such as z.coerce.number()',
  integer: 'use a schema that reads a text, such as z.coerce.number().int()',
  boolean: 'use a schema that reads "true" and "false", such as z.stringbool()',
};

/**
 * Check the schema of a workflow's arguments. Prompt arguments arrive as strings in both generations, so each property
 * has to take one. A schema that validates asynchronously cannot be tried here and is taken as it is.
 *
 * @returns the schema's JSON Schema.
 * @throws what `fail` makes: not an object schema, or a property that no string fits.
 */
export function checkPromptArguments(schema: AuthorSchema, fail: (problem: string) => TypeError): JsonObject {
  const problem = schemaProblem(schema, 'input');
  if (problem !== undefined) throw fail(`\`arguments\` ${problem}`);
  const json = knownJsonSchema(schema) ?? {};
  const properties = listedProperties(json);
  if (json['type'] !== 'object' || properties === undefined) {
    throw fail('`arguments` must be the schema of an object, each property of which is one prompt argument');
  }
  for (const [name, property] of Object.entries(properties)) {
    const unfit = isJsonObject(property) ? stringProblem(schema, name, property) : undefined;
    if (unfit !== undefined) throw fail(`argument "${name}" ${unfit}`);
  }
  return json;
}

function stringProblem(schema: AuthorSchema, name: string, property: JsonObject): string | undefined {
  const type = typeof property['type'] === 'string' ? property['type'] : '';
  // What takes a string, or does not say what it takes, is left to its own checks.
  if (type === '' || type === 'string') return undefined;
  const advice = ADVICE[type] ?? 'use a schema that reads it from a text';
  if (!samplesOf(type, property).some((sample) => accepts(schema, name, sample))) {
    return `is of type ${type}, and prompt arguments are strings: ${advice}`;
  }
  if (type === 'boolean' && accepts(schema, name, NO_BOOLEAN)) {
    return `takes every string for a boolean, "false" for true: ${ADVICE['boolean'] ?? ''}`;
  }
  return undefined;
}

/** Strings of which a schema that reads this type takes at least one. */
function samplesOf(type: string, property: JsonObject): readonly string[] {
  const named = [
    property['const'],
    property['default'],
    ...(Array.isArray(property['enum']) ? (property['enum'] as readonly unknown[]) : []),
  ];
  const samples = named.filter((value) => value !== undefined).map((value) => textOf(value));
  if (type === 'boolean') return [...samples, 'true', 'false'];
  if (type === 'array') return [...samples, '[]', 'a', 'a,b'];
  if (type === 'object') return [...samples, '{}'];
  const bounds = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'].map(
    (key) => property[key],
  );
  const numbers = bounds.filter((value) => typeof value === 'number').flatMap((value) => [value, value + 1, value - 1]);
  return [...samples, ...[...numbers, 0, 1, -1].map(String)];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Whether a schema has nothing against this value of a property; other properties are left out, and may be missed. */
function accepts(schema: AuthorSchema, name: string, value: string): boolean {
  const outcome = schema['~standard'].validate({ [name]: value });
  if (outcome instanceof Promise) {
    outcome.catch(() => undefined);
    return value !== NO_BOOLEAN;
  }
  return !(outcome.issues ?? []).some(({ path = [] }) => {
    const [first] = path;
    return (typeof first === 'object' ? first.key : first) === name;
  });
}
