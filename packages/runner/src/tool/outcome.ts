import { TaskError } from '@mcp-tasks/store';
import { cutUtf8, oversizeError, oversizeOf, type TaskFailure, utf8Bytes } from '@mcp-tasks/store/rules';
import { type CallToolResult, isJsonObject, JSON_RPC_ERROR, type JsonValue, ProtocolFailure } from '@mcp-tasks/wire';
import type { TaskTool } from '../api/tool.ts';
import { fromJson, messageOf, toJson } from './json.ts';
import { schemaIssues } from './parse-with.ts';
import { sentence } from './sentence.ts';

/** Result of a handler: the same through a task and inline. */
export type HandlerResult =
  /** `json` is the result; `result` is the handler's value, before it was written as JSON. */
  | { readonly kind: 'result'; readonly result: CallToolResult; readonly json: string }
  | { readonly kind: 'error'; readonly error: TaskFailure };

/** Outcome of a call of a tool, for the caller. */
export type ToolOutcome =
  /**
   * The result as parsed from its JSON, `isError` possible. `thrown` is the value that the handler threw, if it did.
   */
  | { readonly kind: 'result'; readonly result: CallToolResult; readonly thrown?: unknown }
  /** A JSON-RPC error, or a refusal. */
  | { readonly kind: 'error'; readonly error: TaskFailure; readonly thrown?: unknown };

/** Turn the result of a handler into the outcome for the caller of its tool. */
export function toolOutcome(outcome: HandlerResult, thrown?: unknown): ToolOutcome {
  const because = thrown === undefined ? {} : { thrown };
  if (outcome.kind === 'error') return { ...outcome, ...because };
  // As through a task: the result is its JSON.
  return { kind: 'result', result: parseResult(outcome.json), ...because };
}

/** Parse a result that was checked before it was written. */
function parseResult(json: string): CallToolResult {
  return JSON.parse(json) as CallToolResult;
}

/** The brands that the MCP SDK stamps on its errors, the same in every copy of it. */
const SDK_ERROR_BRANDS = Symbol.for('mcp.sdk.errorBrands');
const SDK_PROTOCOL_ERROR = 'mcp.ProtocolError';

/**
 * Longest message, and largest data, of an error that a handler throws: a longer message is cut, larger data is left
 * out.
 */
const MAX_ERROR_BYTES = 64 * 1024;

/** A result that says that the tool failed. */
export function errorResult(text: string): CallToolResult {
  return { content: [{ type: 'text', text }], isError: true };
}

/** Make the outcome `isError` with this text. */
function failedOutcome(text: string): HandlerResult {
  const result = errorResult(cutUtf8(text, MAX_ERROR_BYTES));
  return { kind: 'result', result, json: JSON.stringify(result) };
}

/** Make the outcome of a run that this package itself had to end: -32603 with the code in `data`. */
function faultOutcome(error: TaskError): HandlerResult {
  const data = { code: error.code, ...error.details };
  return { kind: 'error', error: { code: JSON_RPC_ERROR.INTERNAL_ERROR, message: error.message, data } };
}

/** Turn a value that a handler returned into its outcome. */
export function returnedOutcome(
  tool: TaskTool,
  value: unknown,
  maxResultBytes: number,
): HandlerResult | Promise<HandlerResult> {
  try {
    const problem = resultProblem(value);
    if (problem !== undefined) {
      throw new TaskError('RESULT_INVALID', `Tool "${tool.name}" did not return a tool result: ${problem}.`);
    }
    const result = withContent(value as CallToolResult);
    const what = `The result of tool "${tool.name}"`;
    const json = toJson(result, what) ?? '';
    const size = oversizeOf(json, maxResultBytes);
    if (size !== undefined) return faultOutcome(oversizeError('RESULT_TOO_LARGE', what, size));
    const outcome: HandlerResult = { kind: 'result', result, json };
    return tool.options.outputSchema === undefined ? outcome : checkedOutcome(tool, outcome);
  } catch (error) {
    return failedOutcome(messageOf(error));
  }
}

/** Check the structured content of an outcome with the tool's output schema. */
async function checkedOutcome(
  tool: TaskTool,
  outcome: Extract<HandlerResult, { kind: 'result' }>,
): Promise<HandlerResult> {
  try {
    const mismatch = await outputMismatch(tool, outcome.json);
    return mismatch === undefined ? outcome : failedOutcome(mismatch);
  } catch (error) {
    return failedOutcome(messageOf(error));
  }
}

/** Turn a value that a handler threw into its outcome. */
export function thrownOutcome(thrown: unknown): HandlerResult {
  const failure = protocolFailure(thrown);
  return failure === undefined ? failedOutcome(messageOf(thrown)) : { kind: 'error', error: failure };
}

/** Make the outcome of a run that took too long. */
export function timedOutOutcome(tool: TaskTool, timeoutMs = tool.options.timeoutMs): HandlerResult {
  return failedOutcome(`Tool "${tool.name}" took longer than ${timeoutMs ?? 0} ms and was stopped.`);
}

/** Make the outcome of a run that `authorize` refused: its own JSON-RPC error, else -32602 with its message. */
export function refusedOutcome(tool: TaskTool, thrown: unknown): HandlerResult {
  const message = sentence(cutUtf8(`Tool "${tool.name}" may not run: ${messageOf(thrown)}`, MAX_ERROR_BYTES));
  return { kind: 'error', error: protocolFailure(thrown) ?? { code: JSON_RPC_ERROR.INVALID_PARAMS, message } };
}

/** Find the JSON-RPC error that a thrown value stands for. A numeric `code` alone does not make it one. */
export function protocolFailure(thrown: unknown): TaskFailure | undefined {
  if (!ProtocolFailure.is(thrown) && !isSdkProtocolError(thrown)) return undefined;
  const { code, message, data } = thrown;
  if (!Number.isSafeInteger(code)) return undefined;
  const shown = cutUtf8(message, MAX_ERROR_BYTES);
  return { code, message: shown, ...(data !== undefined && { data: jsonOrNothing(data) }) };
}

function isSdkProtocolError(thrown: unknown): thrown is { code: number; message: string; data?: unknown } {
  if (typeof thrown !== 'object' || thrown === null || !Object.hasOwn(thrown, SDK_ERROR_BRANDS)) return false;
  const brands = (thrown as Record<symbol, unknown>)[SDK_ERROR_BRANDS];
  return brands instanceof Set && brands.has(SDK_PROTOCOL_ERROR);
}

/** An error's data that is not JSON, or too large, must not cost the error itself. */
function jsonOrNothing(data: unknown): JsonValue | undefined {
  try {
    const text = toJson(data, 'The error data');
    return text === undefined || utf8Bytes(text) > MAX_ERROR_BYTES ? undefined : fromJson(text);
  } catch {
    return undefined;
  }
}

/** Add an empty list of blocks to a result that has structured content only, as the SDK does. */
function withContent(returned: Partial<CallToolResult>): CallToolResult {
  const { content = [] } = returned;
  const result = { ...returned, content };
  // Only the protocol says what kind of result an answer is.
  if ('resultType' in result) delete result.resultType;
  return result;
}

/**
 * Say why a result does not fit the output schema. The texts are the SDK's, so that a result fetched through a task
 * equals the inline one.
 */
async function outputMismatch(tool: TaskTool, json: string): Promise<string | undefined> {
  const { outputSchema } = tool.options;
  // Clients get the JSON, so the JSON must fit.
  const result = parseResult(json);
  if (outputSchema === undefined || result.isError === true) return undefined;
  if (result.structuredContent === undefined) {
    return `Output validation error: Tool ${tool.name} has an output schema but no structured content was provided`;
  }
  const issues = await schemaIssues(outputSchema, result.structuredContent);
  return issues && `Output validation error: Invalid structured content for tool ${tool.name}: ${issues}`;
}

/** Required text fields of each kind of block. @see 2025-11-25, Tools, "Tool Result" */
const BLOCK_FIELDS: Readonly<Record<string, readonly string[]>> = {
  text: ['text'],
  image: ['data', 'mimeType'],
  audio: ['data', 'mimeType'],
  resource_link: ['uri', 'name'],
  resource: [],
};

function resultProblem(value: unknown): string | undefined {
  if (!isJsonObject(value)) return value === undefined ? 'it returned nothing' : 'it is not an object';
  const { content, structuredContent, isError, _meta } = value;
  if (content === undefined && structuredContent === undefined) return '`content` is missing';
  if (content !== undefined && !Array.isArray(content)) return '`content` is not an array';
  if (isError !== undefined && typeof isError !== 'boolean') return '`isError` is not a boolean';
  if (_meta !== undefined && !isJsonObject(_meta)) return '`_meta` is not an object';
  const blocks = (content ?? []) as readonly unknown[];
  const bad = blocks.findIndex((block) => !isBlock(block));
  return bad === -1 ? undefined : `\`content[${bad}]\` is not a content block`;
}

function isBlock(block: unknown): boolean {
  if (!isJsonObject(block) || typeof block['type'] !== 'string') return false;
  if (!Object.hasOwn(BLOCK_FIELDS, block['type'])) return false;
  if (block['type'] === 'resource') return isResource(block['resource']);
  return (BLOCK_FIELDS[block['type']] ?? []).every((field) => typeof block[field] === 'string');
}

function isResource(resource: unknown): boolean {
  if (!isJsonObject(resource) || typeof resource['uri'] !== 'string') return false;
  return typeof resource['text'] === 'string' || typeof resource['blob'] === 'string';
}
