import { type TaskEntry, type TaskEntryKind, TaskError } from '@mcp-tasks/store';
import type { InputRequest, InputResponse, JsonObject, JsonValue } from '@mcp-tasks/wire';
import type { InputCapabilities, ToolCall, TraceContext } from '../api/tool.ts';
import { fromJson } from './json.ts';

/** The JSON of a `call` entry: the facts that a run in any process needs of the request that made the task. */
export interface StoredCall {
  readonly arguments: JsonObject;
  readonly caller?: JsonValue | undefined;
  readonly inputCapabilities?: InputCapabilities | undefined;
  /** Answers to `ask` questions that came with the call, by key. */
  readonly answers?: Readonly<Record<string, InputResponse>> | undefined;
  /** Progress token of the request (2025-11-25). */
  readonly progressToken?: string | number | undefined;
  readonly trace?: TraceContext | undefined;
}

/** Take the parts of a call that are stored. */
export function storedCall(call: ToolCall): StoredCall {
  const { arguments: args, caller, inputCapabilities, answers, progressToken, trace } = call;
  return { arguments: args, caller, inputCapabilities, answers, progressToken, trace };
}

/** The call among the entries of a record. @throws {TaskError} STORE_CORRUPT_RECORD - there is none. */
export function readCall(taskId: string, entries: readonly TaskEntry[]): StoredCall {
  const text = entryTexts(entries, 'call').get('');
  if (text !== undefined) return parseCall(text);
  throw new TaskError('STORE_CORRUPT_RECORD', `Task ${taskId} has no call.`, { details: { taskId } });
}

/** Parse the JSON of a `call` entry. */
export function parseCall(text: string): StoredCall {
  return JSON.parse(text) as StoredCall;
}

/** The trace context of the call, when the call is among the entries. */
export function readTrace(entries: readonly TaskEntry[]): TraceContext | undefined {
  const text = entryTexts(entries, 'call').get('');
  return text === undefined ? undefined : parseCall(text).trace;
}

/** The questions among the entries, by key. */
export function readQuestions(entries: readonly TaskEntry[]): Map<string, InputRequest> {
  return parsed<InputRequest>(entryTexts(entries, 'question'));
}

/** The answers among the entries, by key. */
export function readAnswers(entries: readonly TaskEntry[]): Map<string, InputResponse> {
  return parsed<InputResponse>(entryTexts(entries, 'answer'));
}

/** The JSON texts of the entries of one kind, by name. */
export function entryTexts(entries: readonly TaskEntry[], kind: TaskEntryKind): Map<string, string> {
  const texts = new Map<string, string>();
  for (const entry of entries) if (entry.kind === kind) texts.set(entry.name, entry.value);
  return texts;
}

function parsed<Value>(texts: ReadonlyMap<string, string>): Map<string, Value> {
  return new Map([...texts].map(([name, text]) => [name, fromJson(text) as Value]));
}
