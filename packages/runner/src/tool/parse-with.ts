import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { AuthorSchema, SchemaOutput } from '../api/schema.ts';
import { isStackOverflow } from './json.ts';

type Validated<Value> =
  { readonly value: Value; readonly issues?: undefined } | { readonly issues: readonly StandardSchemaV1.Issue[] };

/** Parse a value with an author's schema. A value too deep for the stack of a recursive schema does not fit. */
export function parseWith<Schema extends AuthorSchema>(
  schema: Schema,
  value: unknown,
): Validated<SchemaOutput<Schema>> | Promise<Validated<SchemaOutput<Schema>>> {
  try {
    const parsed = schema['~standard'].validate(value);
    return parsed instanceof Promise ? parsed.catch(tooDeep) : parsed;
  } catch (error) {
    return tooDeep(error);
  }
}

function tooDeep(error: unknown): Validated<never> {
  if (isStackOverflow(error)) return { issues: [{ message: 'nested too deeply for its schema' }] };
  throw error;
}

/** Say why a value does not fit, in the words of the MCP SDK; `undefined` when it fits. */
export async function schemaIssues(schema: AuthorSchema, value: unknown): Promise<string | undefined> {
  const { issues } = await parseWith(schema, value);
  return issues === undefined || issues.length === 0 ? undefined : formatIssues(issues);
}

/** Write issues in one line: `path: message`, joined with commas, as the MCP SDK does. */
export function formatIssues(issues: readonly StandardSchemaV1.Issue[]): string {
  return issues
    .map(({ path = [], message }) => {
      const keys = path.map((part) => String(typeof part === 'object' ? part.key : part));
      return keys.length === 0 ? message : `${keys.join('.')}: ${message}`;
    })
    .join(', ');
}
