import { TaskError } from '@mcp-tasks/store';
import { cutUtf8 } from '@mcp-tasks/store/rules';
import { type InputResponse, isJsonObject, type JsonObject } from '@mcp-tasks/wire';
import type { AuthorSchema, SchemaOutput } from '../api/schema.ts';
import type { Elicited, UrlElicited } from '../api/task-context.ts';
import { askedContent } from './form-schema.ts';
import { formatIssues, parseWith } from './parse-with.ts';
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

/** Turn a checked response into the handler's answer to an address. */
export function toUrlElicited({ action }: InputResponse): UrlElicited {
  return { action: action === 'accept' || action === 'decline' ? action : 'cancel' };
}

/** The JSON-RPC error with which a client refuses a question. */
export interface QuestionRefusal {
  readonly code: number;
  readonly message: string;
}

/** Longest message of a refusal that is kept. */
const MAX_REFUSAL_BYTES = 1024;

/** The one name of a stored refusal, which no answer that fits a question has alone. */
const REFUSED = 'refused';

/** Make what is stored as the answer to a question that the client refused. */
export function refusedResponse({ code, message }: QuestionRefusal): InputResponse {
  return { [REFUSED]: { code, message: cutUtf8(message, MAX_REFUSAL_BYTES) } };
}

/** Pass an answer on. @throws {TaskError} INPUT_REFUSED - what is stored is a refusal. */
export function acceptedResponse(key: string, response: InputResponse): InputResponse {
  const refusal = response[REFUSED];
  if (!isJsonObject(refusal) || Object.keys(response).length > 1) return response;
  throw inputRefused(key, refusal as unknown as QuestionRefusal); // this package wrote it
}

/** Make the error INPUT_REFUSED: the client answered a question with a JSON-RPC error. */
export function inputRefused(key: string, { code, message }: QuestionRefusal): TaskError {
  const reason = cutUtf8(message, MAX_REFUSAL_BYTES);
  return new TaskError('INPUT_REFUSED', sentence(`The client refused the question "${key}" (${code}): ${reason}`), {
    details: { key, code, reason },
  });
}

/** Make the error TASK_ANSWER_INVALID: a response does not fit its question. */
export function answerInvalid(key: string, because: string): TaskError {
  return new TaskError('TASK_ANSWER_INVALID', sentence(`The answer to question "${key}" does not fit: ${because}`), {
    details: { key },
  });
}
