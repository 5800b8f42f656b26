import { TaskError } from '@mcp-tasks/store';
import type { InputResponse, JsonObject } from '@mcp-tasks/wire';
import type { AuthorSchema, SchemaOutput } from '../api/schema.ts';
import type { Elicited } from '../api/task-context.ts';
import { formatIssues, parseWith } from './parse-with.ts';
import { askedContent } from './question-form.ts';
import { sentence } from './sentence.ts';

/**
 * Turn a checked response into the handler's answer, its content parsed by the author's schema.
 *
 * @throws {TaskError} TASK_ANSWER_INVALID - the schema asks for more than JSON Schema can say, and refuses it.
 */
export async function toElicited<Schema extends AuthorSchema>(
  key: string,
  schema: Schema,
  response: InputResponse,
): Promise<Elicited<SchemaOutput<Schema>>> {
  const { action } = response;
  if (action !== 'accept') return { action: action === 'decline' ? 'decline' : 'cancel' };
  const parsed = await parseWith(schema, askedContent(schema, response['content'] as JsonObject));
  if (parsed.issues === undefined) return { action, content: parsed.value };
  throw answerInvalid(key, formatIssues(parsed.issues));
}

/** Make the error TASK_ANSWER_INVALID: a response does not fit its question. */
export function answerInvalid(key: string, because: string): TaskError {
  return new TaskError('TASK_ANSWER_INVALID', sentence(`The answer to question "${key}" does not fit: ${because}`), {
    details: { key },
  });
}
