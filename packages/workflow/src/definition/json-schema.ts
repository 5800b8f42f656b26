import type { AuthorSchema } from '@mcp-tasks/runner';
import { isJsonObject, type JsonObject } from '@mcp-tasks/wire';
import type { Path } from './source.ts';

/** The JSON Schema of what goes into an author's schema, where there is one and it can be told. */
export function knownJsonSchema(schema: AuthorSchema | undefined): JsonObject | undefined {
  try {
    return schema?.['~standard'].jsonSchema.input({ target: 'draft-2020-12' }) as JsonObject | undefined;
  } catch {
    // It was refused, with the reason, where it was registered.
    return undefined;
  }
}

/** Verdict of a schema about one field of an object: required, optional, absent, or unknown. */
export type FieldKnowledge = 'required' | 'optional' | 'absent' | 'unknown';

/** The properties that an object schema lists; `undefined` when it does not say which there are. */
export function listedProperties(schema: JsonObject | undefined): Readonly<Record<string, unknown>> | undefined {
  const properties = schema?.['properties'];
  return isJsonObject(properties) ? properties : undefined;
}

/** Ask a schema about a property of its objects. */
export function fieldOf(schema: JsonObject | undefined, name: string): FieldKnowledge {
  if (schema === undefined) return 'unknown';
  if (COMPOSED.some((keyword) => schema[keyword] !== undefined)) return 'unknown';
  const properties = listedProperties(schema);
  if (properties === undefined)
    return schema['type'] === 'object' || schema['type'] === undefined ? 'unknown' : 'absent';
  if (Object.hasOwn(properties, name)) return requiredOf(schema).includes(name) ? 'required' : 'optional';
  const others = schema['additionalProperties'];
  return others === undefined || others === false ? 'absent' : 'unknown';
}

/** Ask a schema about a nested field; the first key on the path that is not required decides. */
export function pathOf(
  schema: JsonObject | undefined,
  path: Path,
): { readonly known: FieldKnowledge; readonly at: Path } {
  let present = schema;
  for (const [index, key] of path.entries()) {
    const at = path.slice(0, index + 1);
    const isIndex = present?.['type'] === 'array' && /^\d+$/.test(key);
    const known = isIndex ? 'required' : fieldOf(present, key);
    if (known !== 'required') return { known, at };
    present = isIndex ? subschema(present?.['items']) : subschema(listedProperties(present)?.[key]);
  }
  return { known: 'required', at: path };
}

/** Keywords with which an object's properties may be said elsewhere. */
const COMPOSED = ['$ref', 'anyOf', 'oneOf', 'allOf', 'patternProperties', 'if'] as const;

function subschema(value: unknown): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined;
}

function requiredOf(schema: JsonObject): readonly unknown[] {
  const required = schema['required'];
  return Array.isArray(required) ? required : [];
}
