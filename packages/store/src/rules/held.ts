import type { InputRequest } from '@mcp-tasks/wire';
import { runEnded } from '../port/failures.ts';
import type { TaskLimits } from '../port/limits.ts';
import type { TaskEntry, TaskEntryKey, TaskProgress } from '../port/record.ts';
import { type Oversize, oversizeError, oversizeOf } from '../port/size.ts';
import { TaskError } from '../port/task-error.ts';
import type { TaskLease } from '../port/task-store.ts';
import { gaveBack, holds, isParked } from './lease.ts';
import { done, liveRule, refused, type Rule, write } from './rule.ts';
import { withoutWait } from './tool-wait.ts';

/**
 * Keys of all open questions of a task as JSON, in bytes. With the longest texts that limits allow (status, progress
 * and owner 1 KiB each, handler 384 bytes) and a kilobyte of ids and numbers, that makes the 16 KiB of a head.
 */
const MAX_QUESTION_NAMES_BYTES = 11 * 1024;

/** Effects of a run that goes on. An entry is in at most one of `put` and `delete`. */
export interface Effects {
  /** Variables, published values, checkpoints. */
  readonly put?: readonly TaskEntry[] | undefined;
  readonly delete?: readonly TaskEntryKey[] | undefined;
  readonly progress?: TaskProgress | undefined;
  /** Already cut to its limit. */
  readonly statusMessage?: string | undefined;
}

/**
 * Write effects of the run, in one write; sent twice, they have one effect. A checkpoint resets the count of crashes.
 * Refused with RUN_ENDED when the run no longer holds the task.
 */
export function effects(lease: TaskLease, change: Effects): Rule<'written'> {
  const { put, delete: deleted, progress, statusMessage } = change;
  const isProof = put?.some((entry) => entry.kind === 'checkpoint') === true;
  return liveRule((head, nowMs) => {
    if (!holds(lease, head)) return refused(runEnded(lease));
    const fields = {
      ...withoutWait(head),
      ...(progress && { progress }),
      ...(statusMessage !== undefined && { statusMessage }),
      ...(isProof && { crashCount: 0 }),
      ...((isProof || progress !== undefined) && { progressAtMs: nowMs }),
    };
    return write(head, nowMs, { head: fields, put, delete: deleted }, 'written');
  });
}

/**
 * Open a question. A key that is open, or was stored before, is left as it is: the first request under a key is the
 * request.
 * Refused with QUESTION_LIMIT when too many are open or their keys are too long for the head, with RUN_ENDED when the
 * run no longer holds the task.
 */
export function ask(
  lease: TaskLease,
  key: string,
  request: InputRequest,
  limits: Pick<TaskLimits, 'maxOpenQuestions'>,
): Rule<'asked'> {
  const proof: TaskEntryKey = { kind: 'question', name: key };
  const put = [{ ...proof, value: JSON.stringify(request) }];
  return liveRule((head, nowMs) => {
    if (!holds(lease, head)) return refused(runEnded(lease));
    const { openQuestions } = head;
    if (openQuestions.includes(key)) return done('asked');
    if (openQuestions.length >= limits.maxOpenQuestions)
      return refused(questionLimit(lease.taskId, limits.maxOpenQuestions));
    const tooLong = oversizeOf(JSON.stringify([...openQuestions, key]), MAX_QUESTION_NAMES_BYTES);
    if (tooLong !== undefined) return refused(namesTooLong(lease.taskId, tooLong));
    return write(
      head,
      nowMs,
      {
        ...(head.status === 'working' && { status: 'input_required' }),
        head: { ...withoutWait(head), openQuestions: [...openQuestions, key] },
        put,
        // Before a lost write is sent again, an answer may have closed the question.
        proof,
      },
      'asked',
    );
  });
}

function namesTooLong(taskId: string, oversize: Oversize): TaskError {
  const what = `The list of the open questions of task ${taskId}, as JSON,`;
  return oversizeError('QUESTION_LIMIT', what, oversize, { taskId });
}

function questionLimit(taskId: string, maxOpenQuestions: number): TaskError {
  return new TaskError(
    'QUESTION_LIMIT',
    `Task ${taskId} has ${maxOpenQuestions} open questions, which is the limit: wait for an answer before asking more.`,
    { details: { taskId, maxOpenQuestions } },
  );
}

/** Details of a parking: the message, and the awaited questions. */
export interface Parking {
  /** Description of the awaited event, for a person; already cut to its limit. Absent = the message stays. */
  readonly message?: string | undefined;
  /** Keys of the questions at which the run waits. */
  readonly awaits?: readonly string[] | undefined;
  /** Instant at which the task is due again without an event; absent = only an event wakes it. */
  readonly wakeAtMs?: number | undefined;
}

/**
 * End the run and let the task wait, without a holder. The task is due at once when the awaited event came meanwhile:
 * an awaited question is no longer open, or another writer wrote since the head with which the application began.
 * Refused with RUN_ENDED when the run no longer holds the task.
 */
export function park(lease: TaskLease, parking: Parking = {}): Rule<'parked' | 'due'> {
  const { message, awaits = [], wakeAtMs = null } = parking;
  return liveRule((head, nowMs, first) => {
    if (gaveBack(lease, head)) return done(isParked(head, nowMs) ? 'parked' : 'due');
    if (!holds(lease, head)) return refused(runEnded(lease));
    const isAwaited = head.version === first.version && awaits.every((key) => head.openQuestions.includes(key));
    const dueAtMs = isAwaited ? wakeAtMs : nowMs;
    const shown = message === undefined ? withoutWait(head) : { statusMessage: message };
    return write(head, nowMs, { head: { holder: null, dueAtMs, ...shown } }, isAwaited ? 'parked' : 'due');
  });
}

/** Give the task back for another run, at once and anywhere. Refused with RUN_ENDED when the run no longer holds it. */
export function release(lease: TaskLease): Rule<'released'> {
  return liveRule((head, nowMs) => {
    if (gaveBack(lease, head)) return done('released');
    if (!holds(lease, head)) return refused(runEnded(lease));
    return write(head, nowMs, { head: { ...withoutWait(head), holder: null, dueAtMs: nowMs } }, 'released');
  });
}
