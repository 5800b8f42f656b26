/**
 * The record of a task: a small head that every answer of a store carries, and entries that are read by kind. The
 * states and results that a client sees are made from it (2025-11-25, Tasks, "Task").
 *
 * Words of this package:
 *
 * - **task**: the record that a client polls; **head** and **entries** are its two parts.
 * - **run**: one execution of the task's handler in a process; **attempt** is its number, 0 before the first.
 * - **holder**: the process start that may write for the run; **lease**: until when (`dueAtMs`).
 * - **parked**: waits for something, without a holder (`dueAtMs` null, status not terminal).
 */
import type { TaskStatus } from '@mcp-tasks/wire';

/** The latest progress that a run reported. */
export interface TaskProgress {
  /** Work done so far; grows strictly from report to report. */
  readonly done: number;
  /** All work, in the same unit; absent when unknown. */
  readonly total?: number | undefined;
  /** Description of the current work, for a person, at most 1 KiB. */
  readonly message?: string | undefined;
}

/**
 * The small part of a record, at most 16 KiB (texts counted as UTF-8, before JSON escapes them). Every answer of a
 * store carries it.
 *
 * Instants are milliseconds since 1970-01-01 UTC, on the time base of the store's processes.
 */
export interface TaskHead {
  readonly taskId: string;
  /** Owner of the task: opaque, at most 512 bytes of UTF-8, compared by bytes. */
  readonly owner: string;
  /** Number of the last write, from 1; compare-and-set compares it. */
  readonly version: number;
  readonly status: TaskStatus;
  /** For a person, at most 1 KiB. */
  readonly statusMessage?: string | undefined;
  readonly progress?: TaskProgress | undefined;
  readonly createdAtMs: number;
  readonly lastUpdatedAtMs: number;
  /** Lifetime since creation as granted and shown, in milliseconds. */
  readonly ttlMs: number;
  /** Instant of expiry: from then on the task is expired. */
  readonly expiresAtMs: number;
  /** Suggested time between two polls, in milliseconds. */
  readonly pollIntervalMs: number;
  /** Name of the handler (tool) that the task runs. */
  readonly handler: string;
  /**
   * SHA-256 of handler and arguments: tells whether a repeated idempotency key means the same call. Empty without a
   * key.
   */
  readonly callDigest: string;
  /** True when the client asked for the ttl itself: completion does not lengthen it. */
  readonly ttlRequested?: boolean | undefined;
  /** Number of the latest run; 0 when none has begun. */
  readonly attempt: number;
  /** Leases that ran out on started runs since the last stored checkpoint or answer. */
  readonly crashCount: number;
  /** The process start that may write for the run; absent when the task is not held. */
  readonly holder?: string | undefined;
  /**
   * Instant at which a process must attend to the task: now = queued, end of lease = held, null = parked or terminal.
   */
  readonly dueAtMs: number | null;
  /** Names of the outstanding questions, in the order in which they were asked. */
  readonly openQuestions: readonly string[];
  /** First text, at most 1 KiB, of a result with `isError`; present exactly on a task that completed with one. */
  readonly toolError?: string | undefined;
}

/** The kind of an entry; see {@link TaskEntry}. */
export type TaskEntryKind =
  'call' | 'variable' | 'published' | 'checkpoint' | 'question' | 'answer' | 'outcome' | 'result' | 'error';

/** Every kind of entry, for callers that want the whole record. */
export const TASK_ENTRY_KINDS: readonly TaskEntryKind[] = [
  'call',
  'variable',
  'published',
  'checkpoint',
  'question',
  'answer',
  'outcome',
  'result',
  'error',
];

/** The name of one entry of a task; a kind and a name occur once in a record. */
export interface TaskEntryKey {
  readonly kind: TaskEntryKind;
  /** Any well-formed Unicode; `''` for the kinds that occur once (`call`, `result`, `error`). */
  readonly name: string;
}

/** One entry: opaque JSON text to every store. */
export interface TaskEntry extends TaskEntryKey {
  /** JSON text, kept byte for byte. */
  readonly value: string;
}

/** A head with the entries that were asked for (a store may return more of them). */
export interface TaskRecord {
  readonly head: TaskHead;
  readonly entries: readonly TaskEntry[];
}

/** The fields of a head that a write may change; the others are fixed at creation. */
export type MutableHeadField =
  | 'status'
  | 'statusMessage'
  | 'progress'
  | 'lastUpdatedAtMs'
  | 'ttlMs'
  | 'expiresAtMs'
  | 'attempt'
  | 'crashCount'
  | 'holder'
  | 'dueAtMs'
  | 'openQuestions'
  | 'toolError';

/** Changed head fields. An absent field stays as it is; `null` removes an optional one (`dueAtMs` becomes null). */
export type TaskHeadPatch = {
  readonly [Field in MutableHeadField]?:
    Exclude<TaskHead[Field], undefined> | (undefined extends TaskHead[Field] ? null : never);
};

/** One write: changed head fields, entries to put (add or replace) and entries to delete; no entry is in both lists. */
export interface TaskPatch {
  readonly head: TaskHeadPatch;
  readonly put?: readonly TaskEntry[] | undefined;
  readonly delete?: readonly TaskEntryKey[] | undefined;
}

/** A value that is still being built: its fields can be set. */
export type Mutable<Value> = { -readonly [Field in keyof Value]: Value[Field] };

/**
 * Apply a patch to a head: the head after the write, its version one higher. Pure.
 *
 * @example
 * declare const head: TaskHead;
 * const next = applyHeadPatch(head, { statusMessage: 'half way' });
 */
export function applyHeadPatch(head: TaskHead, patch: TaskHeadPatch): TaskHead {
  return changedHead(head, patch, head.version + 1);
}

/**
 * Make a new head with these changes. It is written out so that heads share a few hidden classes. V8 gives an object
 * that is spread and then gets another property (or is frozen) a class of its own, and all code that reads such objects
 * becomes slow: a spread costs a task 15 us in `bench/lifecycle`.
 */
export function changedHead(head: TaskHead, patch: TaskHeadPatch, version: number): Mutable<TaskHead> {
  const next: Mutable<TaskHead> = {
    taskId: head.taskId,
    owner: head.owner,
    version,
    status: patch.status ?? head.status,
    createdAtMs: head.createdAtMs,
    lastUpdatedAtMs: patch.lastUpdatedAtMs ?? head.lastUpdatedAtMs,
    ttlMs: patch.ttlMs ?? head.ttlMs,
    expiresAtMs: patch.expiresAtMs ?? head.expiresAtMs,
    pollIntervalMs: head.pollIntervalMs,
    handler: head.handler,
    callDigest: head.callDigest,
    attempt: patch.attempt ?? head.attempt,
    crashCount: patch.crashCount ?? head.crashCount,
    dueAtMs: patch.dueAtMs === undefined ? head.dueAtMs : patch.dueAtMs,
    openQuestions: patch.openQuestions ?? head.openQuestions,
  };
  const { statusMessage = head.statusMessage, progress = head.progress } = patch;
  const { holder = head.holder, toolError = head.toolError } = patch;
  if (head.ttlRequested !== undefined) next.ttlRequested = head.ttlRequested;
  if (statusMessage != null) next.statusMessage = statusMessage;
  if (progress != null) next.progress = progress;
  if (holder != null) next.holder = holder;
  if (toolError != null) next.toolError = toolError;
  return next;
}
