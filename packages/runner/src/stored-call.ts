import type { TaskEntry, TaskEntryKind } from '@mcp-tasks/store';
import { TaskError } from '@mcp-tasks/store';
import type { InputRequest, InputResponse, JsonObject, JsonValue } from '@mcp-tasks/wire';
import { fromJson } from './json.ts';
import type { InputCapabilities, ToolCall, TraceContext } from './tool.ts';
import { VariableMap } from './variable-map.ts';

/** The JSON of a `call` entry: what a run in any process needs to know of the request that made the task. */
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

/** What of a call is stored. */
export function storedCall(call: ToolCall): StoredCall {
  const { arguments: args, caller, inputCapabilities, answers, progressToken, trace } = call;
  return { arguments: args, caller, inputCapabilities, answers, progressToken, trace };
}

/** The entries of a task that a run reads: its own copy. */
export interface RunEntries {
  readonly call: StoredCall;
  readonly variables: VariableMap;
  readonly published: VariableMap;
  /** JSON texts of finished steps, by name. */
  readonly checkpoints: Map<string, string>;
  readonly questions: Map<string, InputRequest>;
  readonly answers: Map<string, InputResponse>;
}

/** The kinds that {@link readRunEntries} wants. */
export const RUN_ENTRY_KINDS: readonly TaskEntryKind[] = [
  'call',
  'variable',
  'published',
  'checkpoint',
  'question',
  'answer',
];

/** Sort the entries of a record for a run. @throws {TaskError} STORE_CORRUPT_RECORD - there is no call. */
export function readRunEntries(taskId: string, entries: readonly TaskEntry[]): RunEntries {
  const call = texts(entries, 'call').get('');
  if (call === undefined) {
    throw new TaskError('STORE_CORRUPT_RECORD', `Task ${taskId} has no call`, { details: { taskId } });
  }
  return {
    call: fromJson(call) as unknown as StoredCall,
    variables: new VariableMap('variable', entries),
    published: new VariableMap('published', entries),
    checkpoints: texts(entries, 'checkpoint'),
    questions: readQuestions(entries),
    answers: readAnswers(entries),
  };
}

/** The trace context of the call, when the call is among the entries. */
export function readTrace(entries: readonly TaskEntry[]): TraceContext | undefined {
  const call = texts(entries, 'call').get('');
  return call === undefined ? undefined : (fromJson(call) as unknown as StoredCall).trace;
}

/** The questions among the entries, by key. */
export function readQuestions(entries: readonly TaskEntry[]): Map<string, InputRequest> {
  return parsed<InputRequest>(texts(entries, 'question'));
}

/** The answers among the entries, by key. */
export function readAnswers(entries: readonly TaskEntry[]): Map<string, InputResponse> {
  return parsed<InputResponse>(texts(entries, 'answer'));
}

/** The entries of a run that stores nothing. */
export function freshRunEntries(call: ToolCall): RunEntries {
  return {
    call: storedCall(call),
    variables: new VariableMap('variable'),
    published: new VariableMap('published'),
    checkpoints: new Map(),
    questions: new Map(),
    answers: new Map(),
  };
}

function texts(entries: readonly TaskEntry[], kind: TaskEntryKind): Map<string, string> {
  return new Map(entries.filter((entry) => entry.kind === kind).map(({ name, value }) => [name, value]));
}

function parsed<Value>(byName: ReadonlyMap<string, string>): Map<string, Value> {
  return new Map([...byName].map(([name, text]) => [name, fromJson(text) as Value]));
}
