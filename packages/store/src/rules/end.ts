import { type CallToolResult, isTerminalStatus, type TerminalTaskStatus } from '@mcp-tasks/wire';
import { interrupted, runEnded, type TaskFailure } from '../port/failures.ts';
import type { TaskEntry, TaskHead, TaskHeadPatch } from '../port/record.ts';
import { TaskError } from '../port/task-error.ts';
import type { TaskLease } from '../port/task-store.ts';
import { cutUtf8 } from '../port/text.ts';
import { holds } from './lease.ts';
import { done, liveRule, refused, type Rule, type Verdict, write } from './rule.ts';
import { withoutWait } from './tool-wait.ts';

const MAX_SHOWN_ERROR_BYTES = 1024;

/** The end of a task: status, outcome and time to keep it. */
interface Ending {
  readonly status: TerminalTaskStatus;
  /** Shortest time for which the outcome stays readable; default: the task keeps its expiry. */
  readonly keepResultMs?: number | undefined;
  readonly head?: TaskHeadPatch | undefined;
  readonly put?: readonly TaskEntry[] | undefined;
}

/** The result of a run. */
export interface Completion {
  readonly result: CallToolResult;
  /** `result` as JSON, where the caller has it already. */
  readonly json?: string | undefined;
  /** Shortest time for which the result stays readable, unless the client asked for the ttl itself. */
  readonly keepResultMs: number;
}

/**
 * End a task: status, outcome and all that goes with it in one write. It has no holder from then on and is never due
 * again. All open questions are withdrawn. Their entries stay: a question is open exactly while its key is in
 * `openQuestions`.
 */
function end<Value>(head: TaskHead, nowMs: number, ending: Ending, value: Value): Verdict<Value> {
  const { status, keepResultMs = 0, put } = ending;
  return write(
    head,
    nowMs,
    {
      status,
      head: {
        ...withoutWait(head),
        holder: null,
        dueAtMs: null,
        openQuestions: [],
        ...keep(head, nowMs, keepResultMs),
        ...ending.head,
      },
      put,
    },
    value,
  );
}

function keep(head: TaskHead, nowMs: number, keepResultMs: number): TaskHeadPatch {
  const expiresAtMs = nowMs + keepResultMs;
  if (head.ttlRequested === true || expiresAtMs <= head.expiresAtMs) return {};
  return { expiresAtMs, ttlMs: expiresAtMs - head.createdAtMs };
}

/** End a task as failed with an error; for the rules that do so. */
function endFailed<Value>(
  head: TaskHead,
  nowMs: number,
  ending: { readonly error: TaskFailure; readonly keepResultMs?: number | undefined },
  value: Value,
): Verdict<Value> {
  const { error, keepResultMs } = ending;
  const statusMessage = cutUtf8(error.message, MAX_SHOWN_ERROR_BYTES);
  const put = [{ kind: 'error' as const, name: '', value: JSON.stringify(error) }];
  return end(head, nowMs, { status: 'failed', keepResultMs, head: { statusMessage }, put }, value);
}

/**
 * End the task with the run's result: status and result in one write. Refused with RUN_ENDED when the run no longer
 * holds the task.
 *
 * A result with `isError` is a completion too; its first text is shown in `resultError`.
 */
export function complete(lease: TaskLease, completion: Completion): Rule<'completed'> {
  return liveRule((head, nowMs) => {
    if (endedBy(lease, head, 'completed')) return done('completed');
    if (!holds(lease, head)) return refused(runEnded(lease));
    return completed(head, nowMs, completion, 'completed');
  });
}

/** End a task as completed with a result, and with entries that belong to it; for the rules that do so. */
export function completed<Value>(
  head: TaskHead,
  nowMs: number,
  completion: Completion & { readonly put?: readonly TaskEntry[] | undefined },
  value: Value,
): Verdict<Value> {
  const { result, json = JSON.stringify(result), keepResultMs, put = [] } = completion;
  const resultError = result.isError === true ? cutUtf8(firstText(result), MAX_SHOWN_ERROR_BYTES) : undefined;
  const ending: Ending = {
    status: 'completed',
    keepResultMs,
    head: resultError === undefined ? {} : { resultError },
    put: [...put, { kind: 'result', name: '', value: json }],
  };
  return end(head, nowMs, ending, value);
}

function firstText(result: CallToolResult): string {
  for (const block of result.content) if (block.type === 'text') return block.text;
  return '';
}

/**
 * End the task as failed with the run's JSON-RPC error. Refused with RUN_ENDED when the run no longer holds the task.
 */
export function fail(lease: TaskLease, error: TaskFailure, keepResultMs: number): Rule<'failed'> {
  return liveRule((head, nowMs) => {
    if (endedBy(lease, head, 'failed')) return done('failed');
    if (!holds(lease, head)) return refused(runEnded(lease));
    return endFailed(head, nowMs, { error, keepResultMs }, 'failed');
  });
}

/** End the task of a run that cannot be finished here: it fails with -32603 and `data.code` TASK_INTERRUPTED. */
export function interrupt(lease: TaskLease, keepResultMs: number): Rule<'failed'> {
  return fail(lease, interrupted('the server shut down before it was finished.'), keepResultMs);
}

/**
 * Tell whether the run ended the task. No two runs share an attempt: a task that ended in the run's attempt was ended
 * by it (or, when failed, for it).
 */
export function endedBy(lease: TaskLease, head: TaskHead, status: TerminalTaskStatus): boolean {
  return head.status === status && head.attempt === lease.attempt;
}

/**
 * End the task at its owner's request. Refused with TASK_ALREADY_TERMINAL (`details.status` says which) when it was
 * over before; a task that another caller cancelled meanwhile counts as cancelled by this one.
 */
export function cancel(): Rule<'cancelled'> {
  return liveRule((head, nowMs, first) => {
    if (head.status === 'cancelled' && !isTerminalStatus(first.status)) return done('cancelled');
    if (isTerminalStatus(head.status)) return refused(alreadyTerminal(head));
    return end(head, nowMs, { status: 'cancelled' }, 'cancelled');
  });
}

function alreadyTerminal({ taskId, status }: TaskHead): TaskError {
  return new TaskError('TASK_ALREADY_TERMINAL', `Cannot cancel task ${taskId}: it is ${status} already.`, {
    details: { taskId, status },
  });
}
