import { type Schema, Validator } from '@cfworker/json-schema';
import { type Oversize, oversizeOf, oversizeText } from '@mcp-tasks/store/rules';
import {
  checkOptions,
  type InputRequest,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  option,
  type OptionTableOf,
} from '@mcp-tasks/wire';
import type { ElicitQuestion, UrlQuestion } from '../api/task-context.ts';
import type { TaskTool } from '../api/tool.ts';
import { formOf } from './form-schema.ts';
import { messageOf, toJson } from './json.ts';
import { isAuthorSchema, notSchema } from './schema-problem.ts';

const QUESTION_OPTIONS: OptionTableOf<ElicitQuestion> = { message: option.text, schema: option.any };

/**
 * Check a question before it is asked.
 *
 * @throws {TypeError} it has no message, or its schema is not an object of primitive fields: the message names question
 *   and field.
 */
export function checkQuestion(where: string, question: ElicitQuestion): void {
  checkOptions(where, question, QUESTION_OPTIONS);
  const { message, schema }: { readonly message?: unknown; readonly schema?: unknown } = question;
  if (message === undefined) throw new TypeError(`${where}: message must be a string.`);
  if (!isAuthorSchema(schema)) throw new TypeError(`${where}: schema ${notSchema(schema)}.`);
  formOf(where, schema);
}

/**
 * Make the request that asks a form, with the JSON Schema of the author's schema as `requestedSchema`.
 *
 * @throws {TypeError} the schema is not an object of primitive fields: the message names question and field.
 */
export function elicitRequest(key: string, question: ElicitQuestion): InputRequest {
  const where = `Question "${key}"`;
  checkQuestion(where, question);
  const { message, schema } = question;
  return {
    method: 'elicitation/create',
    params: { mode: 'form', message, requestedSchema: formOf(where, schema) },
  };
}

const URL_OPTIONS: OptionTableOf<UrlQuestion> = { message: option.text, url: option.text };

/** Tell an address from a form. */
export function isUrlQuestion(question: ElicitQuestion | UrlQuestion): question is UrlQuestion {
  return typeof question === 'object' && 'url' in question && !('schema' in question);
}

/**
 * Make the request that asks a person to visit an address.
 *
 * @throws {TypeError} the question has no message, or no address of `https:` or `http:`.
 * @see 2025-11-25, Elicitation, "URL Mode Elicitation Requests"
 */
export function urlRequest(key: string, question: UrlQuestion): InputRequest {
  const where = `Question "${key}"`;
  checkOptions(where, question, URL_OPTIONS);
  const { message, url } = question as Partial<UrlQuestion>;
  if (message === undefined) throw new TypeError(`${where}: message must be a string.`);
  if (url === undefined || !URL.canParse(url) || !/^https?:$/u.test(new URL(url).protocol)) {
    throw new TypeError(`${where}: url must be an address that begins with https: or http:.`);
  }
  return { method: 'elicitation/create', params: { mode: 'url', message, url } };
}

/**
 * Make the requests for the questions that a tool declares in `ask`, by key.
 *
 * @throws {TypeError} as `elicit` does; a registered tool was checked for it.
 */
export function askRequests(tool: TaskTool): Record<string, InputRequest> {
  return Object.fromEntries(
    Object.entries(tool.options.ask ?? {}).map(([key, question]) => [key, elicitRequest(key, question)]),
  );
}

/**
 * Say why a client's response does not fit its request; `undefined` when it fits.
 *
 * A form's content is checked with the request's `requestedSchema`, extra properties allowed. The check needs no author
 * schema, so any process can check any answer.
 */
export function checkResponse(request: InputRequest, response: unknown): string | undefined {
  if (!isJsonObject(response)) return 'the response must be an object';
  switch (request.method) {
    case 'elicitation/create':
      return checkElicited(request.params, response);
    case 'sampling/createMessage':
      return checkSampled(response);
    case 'roots/list':
      return checkRoots(response);
  }
}

/**
 * Check as {@link checkResponse}, a response that will be stored: it must also not be too large or nested too deeply.
 */
export function checkAnswer(request: InputRequest, response: unknown, limitBytes: number): string | undefined {
  let size: Oversize | undefined;
  try {
    size = oversizeOf(toJson(response, 'it') ?? '', limitBytes);
  } catch (error) {
    return messageOf(error);
  }
  return size === undefined ? checkResponse(request, response) : `it ${oversizeText(size)}`;
}

function checkElicited(params: JsonObject, response: JsonObject): string | undefined {
  const { action, content } = response;
  if (action !== 'accept' && action !== 'decline' && action !== 'cancel') {
    return '`action` must be "accept", "decline" or "cancel"';
  }
  if (action !== 'accept' || params['mode'] === 'url') return undefined;
  if (!isJsonObject(content)) return '`content` must be an object when `action` is "accept"';
  const { valid, errors } = new Validator(params['requestedSchema'] as Schema, '2020-12').validate(content);
  if (valid) return undefined;
  // The last error is the innermost: it names the field.
  const innermost = errors.at(-1);
  return `\`content\` does not fit the requested schema: ${innermost?.instanceLocation ?? '#'}: ${innermost?.error ?? 'invalid'}`;
}

function checkRoots({ roots }: JsonObject): string | undefined {
  const fits = Array.isArray(roots) && roots.every((root) => isJsonObject(root) && typeof root['uri'] === 'string');
  return fits ? undefined : '`roots` must be an array of objects with a `uri`';
}

function checkSampled(response: JsonObject): string | undefined {
  const { role, model, content } = response;
  if (role !== 'user' && role !== 'assistant') return '`role` must be "user" or "assistant"';
  if (typeof model !== 'string') return '`model` must be a string';
  const blocks = Array.isArray(content) ? (content as readonly JsonValue[]) : [content];
  const fits = blocks.every((block) => isJsonObject(block) && typeof block['type'] === 'string');
  return fits ? undefined : '`content` must be a content block or an array of them';
}
