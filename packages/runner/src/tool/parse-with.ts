import { cutUtf8 } from '@mcp-tasks/store/rules';
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

/** Issues that are told of one value: a list of a megabyte may have one for each item. */
const MAX_ISSUES = 100;
/** Longest part of an issue, in bytes: its message may quote the value, its path has names that a client chose. */
const MAX_ISSUE_BYTES = 1024;

/** One thing that is wrong with a value. */
export interface ValueIssue {
  /** From the outside in; empty when it is about the value as a whole. */
  readonly keys: readonly PropertyKey[];
  /** The keys, joined with full stops. */
  readonly field: string;
  readonly message: string;
}

/** The first 100 issues of a value, texts cut. */
export function valueIssues(issues: readonly StandardSchemaV1.Issue[]): readonly ValueIssue[] {
  return issues.slice(0, MAX_ISSUES).map(valueIssue);
}

function valueIssue({ path = [], message }: StandardSchemaV1.Issue): ValueIssue {
  const keys = path.map((part) => (typeof part === 'object' ? part.key : part));
  const field = cutUtf8(keys.map(String).join('.'), MAX_ISSUE_BYTES);
  return { keys, field, message: cutUtf8(message, MAX_ISSUE_BYTES) };
}

/** Issues in one line: `path: message`, joined with commas, as the MCP SDK does; the first 100 of them. */
export function formatIssues(issues: readonly StandardSchemaV1.Issue[]): string {
  const told = valueIssues(issues).map(({ keys, field, message }) =>
    keys.length === 0 ? message : `${field}: ${message}`,
  );
  const untold = issues.length - told.length;
  return [...told, ...(untold === 0 ? [] : [`and ${untold} more`])].join(', ');
}
