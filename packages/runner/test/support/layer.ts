import { type TaskEntryKind, TaskError, type TaskHead, type TaskRecord } from '@mcp-tasks/store';
import { type CallToolResult, isTerminalStatus, type JsonObject } from '@mcp-tasks/wire';
import { createTasks, type Tasks, type TasksOptions, type ToolCall } from '../../src/index.ts';

/**
 * A task layer that fails the test's process on any background error, with a short way to start a task of alice. Its tasks may live as
 * short as a test likes.
 */
export function layer(options: TasksOptions = {}) {
  const tasks = createTasks({
    onBackgroundError: (error) => {
      throw error;
    },
    ...options,
    limits: { minTtlMs: 1, ...options.limits },
  });
  const start = (tool: string, args: JsonObject = {}, call: Partial<ToolCall> = {}) =>
    tasks.startTask({ tool, owner: 'alice', arguments: args, ...call });
  return { tasks, start };
}

export function text(line: string): CallToolResult {
  return { content: [{ type: 'text', text: line }] };
}

export function errorText(line: string): CallToolResult {
  return { ...text(line), isError: true };
}

/** Gives up only when a test hangs: nothing is asserted about it. */
function patience(): AbortSignal {
  return AbortSignal.timeout(10_000);
}

const ALL_KINDS: readonly TaskEntryKind[] = [
  'call',
  'variable',
  'published',
  'checkpoint',
  'question',
  'answer',
  'result',
  'error',
];

/** The whole record once the task is over. */
export async function ended(tasks: Tasks, { taskId, owner }: TaskHead): Promise<TaskRecord> {
  const mine = tasks.for(owner);
  await mine.waitFor(taskId, (head) => isTerminalStatus(head.status), { signal: patience() });
  return mine.get(taskId, ALL_KINDS);
}

export async function recordOf(tasks: Tasks, { taskId, owner }: TaskHead): Promise<TaskRecord> {
  return tasks.for(owner).get(taskId, ALL_KINDS);
}

export function until(
  tasks: Tasks,
  { taskId, owner }: TaskHead,
  holds: (head: TaskHead) => boolean,
): Promise<TaskHead> {
  return tasks.for(owner).waitFor(taskId, holds, { signal: patience() });
}

/** The head once this question is open. */
export function untilOpen(tasks: Tasks, head: TaskHead, key: string): Promise<TaskHead> {
  return until(tasks, head, ({ openQuestions }) => openQuestions.includes(key));
}

export function entry(record: TaskRecord, kind: TaskEntryKind, name = ''): unknown {
  const found = record.entries.find((candidate) => candidate.kind === kind && candidate.name === name);
  return found === undefined ? undefined : (JSON.parse(found.value) as unknown);
}

export function resultOf(record: TaskRecord): unknown {
  return entry(record, 'result');
}

/** A promise that the test resolves. */
export function gate<Value = void>() {
  let open!: (value: Value) => void;
  const opened = new Promise<Value>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** The code of the error with which an effect fails; the error itself as text when it has none. */
export async function codeOf(effect: () => unknown): Promise<string> {
  try {
    await effect();
    return 'nothing thrown';
  } catch (error) {
    return TaskError.is(error) ? error.code : String(error);
  }
}

/** Why a run's signal aborted. */
export function reasonOf(signal: AbortSignal): unknown {
  const reason: unknown = signal.reason;
  return TaskError.is(reason, 'RUN_ENDED') ? reason.details['reason'] : reason;
}

/** Wait for a signal. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}
