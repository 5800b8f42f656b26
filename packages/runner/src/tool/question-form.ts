import { type Schema, Validator } from '@cfworker/json-schema';
import { type Oversize, oversizeOf, oversizeText } from '@mcp-tasks/store/rules';
import { type InputRequest, isJsonObject, type JsonObject, type JsonValue } from '@mcp-tasks/wire';
import type { AuthorSchema } from '../api/schema.ts';
import type { ElicitQuestion } from '../api/task-context.ts';
import type { TaskTool } from '../api/tool.ts';
import { messageOf, toJson } from './json.ts';

/**
 * Keywords that a form field may have, by type. `pattern` is in the prose of the protocol, not in its schema. Clients
 * that do not know it leave it out; the answer is checked with it here.
 *
 * @see 2025-11-25, Elicitation, "Requested Schema"
 */
const FIELD_KEYWORDS: Readonly<Record<string, ReadonlySet<string>>> = {
  string: new Set(['minLength', 'maxLength', 'pattern', 'format', 'enum', 'enumNames', 'oneOf']),
  number: new Set(['minimum', 'maximum']),
  integer: new Set(['minimum', 'maximum']),
  boolean: new Set(),
  array: new Set(['minItems', 'maxItems', 'items']),
};
const FIELD_ANNOTATIONS: ReadonlySet<string> = new Set(['type', 'title', 'description', 'default']);
const STRING_FORMATS: ReadonlySet<unknown> = new Set(['email', 'uri', 'date', 'date-time']);
const ITEM_KEYWORDS: ReadonlySet<string> = new Set(['type', 'enum', 'anyOf']);

type JsonSchemaObject = Record<string, unknown>;

/**
 * Make the request that asks a form, with the JSON Schema of the author's schema as `requestedSchema`.
 *
 * @throws {TypeError} the schema is not an object of primitive fields: the message names question and field.
 */
export function elicitRequest(key: string, question: ElicitQuestion): InputRequest {
  return {
    method: 'elicitation/create',
    params: {
      mode: 'form',
      message: question.message,
      requestedSchema: requestedSchema(key, question.schema) as JsonObject,
    },
  };
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
  return request.method === 'elicitation/create' ? checkElicited(request.params, response) : checkSampled(response);
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

/** Leave out properties that were not asked, where the author's schema refuses them: an answer may have them. */
export function askedContent(schema: AuthorSchema, content: JsonObject): JsonObject {
  const json = inputJsonSchema(schema);
  if (json['additionalProperties'] !== false || !isJsonObject(json['properties'])) return content;
  const asked = json['properties'];
  return Object.fromEntries(Object.entries(content).filter(([name]) => Object.hasOwn(asked, name)));
}

function checkElicited(params: JsonObject, response: JsonObject): string | undefined {
  const { action, content } = response;
  if (action !== 'accept' && action !== 'decline' && action !== 'cancel') {
    return '`action` must be "accept", "decline" or "cancel"';
  }
  if (action !== 'accept') return undefined;
  if (!isJsonObject(content)) return '`content` must be an object when `action` is "accept"';
  const { valid, errors } = new Validator(params['requestedSchema'] as Schema, '2020-12').validate(content);
  if (valid) return undefined;
  // The last error is the innermost: it names the field.
  const innermost = errors.at(-1);
  return `\`content\` does not fit the requested schema: ${innermost?.instanceLocation ?? '#'}: ${innermost?.error ?? 'invalid'}`;
}

function checkSampled(response: JsonObject): string | undefined {
  const { role, model, content } = response;
  if (role !== 'user' && role !== 'assistant') return '`role` must be "user" or "assistant"';
  if (typeof model !== 'string') return '`model` must be a string';
  const blocks = Array.isArray(content) ? (content as readonly JsonValue[]) : [content];
  const fits = blocks.every((block) => isJsonObject(block) && typeof block['type'] === 'string');
  return fits ? undefined : '`content` must be a content block or an array of them';
}

function inputJsonSchema(schema: AuthorSchema): JsonSchemaObject {
  return schema['~standard'].jsonSchema.input({ target: 'draft-2020-12' });
}

function requestedSchema(key: string, schema: AuthorSchema): JsonSchemaObject {
  const { type, properties, required } = inputJsonSchema(schema);
  const refuse = (what: string) => new TypeError(`Question "${key}": ${what}.`);
  if (type !== 'object') throw refuse('the schema must describe an object');
  const fields = Object.entries(isJsonObject(properties) ? properties : {});
  return {
    type,
    properties: Object.fromEntries(
      fields.map(([name, field]) => [name, primitiveField(field, (what) => refuse(`field "${name}" ${what}`))]),
    ),
    ...(Array.isArray(required) && required.length > 0 && { required }),
  };
}

function primitiveField(field: unknown, refuse: (what: string) => TypeError): JsonSchemaObject {
  const { type } = isJsonObject(field) ? field : {};
  const keywords = typeof type === 'string' && Object.hasOwn(FIELD_KEYWORDS, type) ? FIELD_KEYWORDS[type] : undefined;
  if (!isJsonObject(field) || keywords === undefined) {
    throw refuse('must be a string, number, integer, boolean or an array of choices');
  }
  const { pattern, ...rest } = field;
  // With a known format, a schema library's own pattern only repeats it.
  const checked: JsonSchemaObject =
    pattern === undefined || STRING_FORMATS.has(rest['format']) ? { ...rest } : { ...rest, pattern };
  for (const keyword of Object.keys(checked)) {
    if (!keywords.has(keyword) && !FIELD_ANNOTATIONS.has(keyword))
      throw refuse(`cannot have the constraint "${keyword}"`);
  }
  if (checked['format'] !== undefined && !STRING_FORMATS.has(checked['format'])) {
    throw refuse('can only have the format "email", "uri", "date" or "date-time"');
  }
  if (type === 'array' && !isChoices(checked['items'])) throw refuse('must list its choices');
  return checked;
}

function isChoices(items: unknown): boolean {
  return (
    isJsonObject(items) &&
    (Array.isArray(items['enum']) || Array.isArray(items['anyOf'])) &&
    Object.keys(items).every((keyword) => ITEM_KEYWORDS.has(keyword))
  );
}
