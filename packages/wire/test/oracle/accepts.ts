import type { Verdict } from './compare.ts';

/** The part of a zod schema that an oracle needs. */
interface OracleSchema {
  safeParse(value: unknown): { readonly success: boolean };
}

/** The verdict of a schema on a value. */
export function accepts(schema: OracleSchema): Verdict {
  return (value) => schema.safeParse(value).success;
}

/** The verdict of a schema on one field of an otherwise valid value. */
export function acceptsField(schema: OracleSchema, rest: object, field: string): Verdict {
  return (value) => schema.safeParse({ ...rest, [field]: value }).success;
}

/** The verdict of a schema of a whole request or notification on its params. */
export function acceptsParams(schema: OracleSchema, method: string): Verdict {
  return acceptsField(schema, { jsonrpc: '2.0', id: 1, method }, 'params');
}
