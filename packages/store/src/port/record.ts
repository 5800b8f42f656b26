/**
 * The record of a task: a small head that every answer of a store carries, and entries that are read by kind. The
 * states and results that a client sees are made from it (2025-11-25, Tasks, "Task").
 *
 * Words of this package:
 *
 * - **task**: the record that a client polls; **head** and **entries** are its two parts.
 * - **run**: one execution of the task's handler in a process; **attempt** is its number, 0 before the first.
 * - **holder**: the process start that may write for the run; **lease**: until when (`dueAtMs`).
 * - **parked**: waits for something, without a holder: for an event (`dueAtMs` null), or asleep until `dueAtMs`.
 */
import type { TaskStatus } from '@mcp-tasks/wire';
import { utf8Bytes } from './text.ts';

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
  /**
   * Id of the last write, random and made by its writer; compare-and-set compares it beside `version`. A write that is
   * sent again finds its own id here, and two servers that gave one version to two writes are told apart.
   */
  readonly writeId: string;
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
  /** Queue from which the task is claimed: empty for the built-in executor, else the queue of the tool's executor. */
  readonly queue: string;
  /**
   * SHA-256 of handler and arguments: tells whether a repeated idempotency key means the same call. Empty without a
   * key.
   */
  readonly callDigest: string;
  /** True when the client asked for the ttl itself: completion does not lengthen it. */
  readonly ttlRequested?: boolean | undefined;
  /** Number of the latest run; 0 when none has begun. */
  readonly attempt: number;
  /** Leases that ran out since the last stored checkpoint or answer. */
  readonly crashCount: number;
  /** The process start that may write for the run; absent when the task is not held. */
  readonly holder?: string | undefined;
  /**
   * Instant at which a process must attend to the task: now = queued, later = sleeping until then (no holder), end of
   * lease = held, null = parked or terminal.
   */
  readonly dueAtMs: number | null;
  /** Instant of the last write that brought the work on: progress, a checkpoint, an answer. */
  readonly progressAtMs?: number | undefined;
  /** Names of the outstanding questions, in the order in which they were asked. */
  readonly openQuestions: readonly string[];
  /** First text, at most 1 KiB, of a result with `isError`; present exactly on a task that completed with one. */
  readonly resultError?: string | undefined;
  /** Digest of the call, by which an equal call finds the task; absent on a task that no call joins. */
  readonly joinKey?: string | undefined;
  /** How far the answer to the call got; see {@link JoinState}. Absent on a task that no call joins. */
  readonly joinState?: JoinState | undefined;
  /** Bytes of all entries, by {@link entryBytes}. The store counts them; the value given to `create` is not looked at. */
  readonly entryBytes: number;
}

/**
 * How far the answer to a call got: `held` = its request waits, `left` = its client has gone, `told` = its client knows
 * the task's id, `fetched` = its client has the result.
 */
export type JoinState = 'held' | 'left' | 'told' | 'fetched';

/** Every join state. */
export const JOIN_STATES: readonly JoinState[] = ['held', 'left', 'told', 'fetched'];

/** The kind of an entry; see {@link TaskEntry}. */
export type TaskEntryKind =
  | 'call'
  | 'variable'
  | 'published'
  | 'checkpoint'
  | 'wait'
  | 'question'
  | 'answer'
  | 'outcome'
  | 'history'
  | 'result'
  | 'error';

/** Every kind of entry, for callers that want the whole record. */
export const TASK_ENTRY_KINDS: readonly TaskEntryKind[] = [
  'call',
  'variable',
  'published',
  'checkpoint',
  'wait',
  'question',
  'answer',
  'outcome',
  'history',
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
  | 'progressAtMs'
  | 'openQuestions'
  | 'resultError'
  | 'joinState';

/** Changed head fields. An absent field stays as it is; `null` removes an optional one (`dueAtMs` becomes null). */
export type TaskHeadPatch = {
  readonly [Field in MutableHeadField]?:
    Exclude<TaskHead[Field], undefined> | (undefined extends TaskHead[Field] ? null : never);
};

/** One write: changed head fields, entries to put (add or replace) and entries to delete; no entry occurs twice. */
export interface TaskPatch {
  readonly head: TaskHeadPatch;
  readonly put?: readonly TaskEntry[] | undefined;
  readonly delete?: readonly TaskEntryKey[] | undefined;
}

/** A value that is still being built: its fields can be set. */
export type Mutable<Value> = { -readonly [Field in keyof Value]: Value[Field] };

/**
 * Count the bytes of an entry, as limits count them: the UTF-8 of its name and of its value.
 *
 * @example
 * const bytes = entryBytes({ name: 'month', value: '"May"' }); // 10
 */
export function entryBytes({ name, value }: Pick<TaskEntry, 'name' | 'value'>): number {
  return utf8Bytes(name) + utf8Bytes(value);
}

/** The fields that each write gives a head, beside those of its patch. */
export type WrittenFields = Pick<TaskHead, 'version' | 'writeId' | 'entryBytes'>;

/**
 * Apply a patch to a head: the head after the write, its version one higher. Pure.
 *
 * @param written - the id of the write, and the bytes of all entries after it (default: as before).
 *
 * @example
 * declare const head: TaskHead;
 * const next = applyHeadPatch(head, { statusMessage: 'half way' }, { writeId: newWriteId() });
 */
export function applyHeadPatch(
  head: TaskHead,
  patch: TaskHeadPatch,
  written: Pick<TaskHead, 'writeId'> & Partial<Pick<TaskHead, 'entryBytes'>>,
): TaskHead {
  const { writeId, entryBytes: bytes = head.entryBytes } = written;
  return changedHead(head, patch, { version: head.version + 1, writeId, entryBytes: bytes });
}

/**
 * Make a new head with these changes. It is written out so that heads share a few hidden classes. V8 gives an object
 * that is spread and then gets another property (or is frozen) a class of its own, and all code that reads such objects
 * becomes slow: a spread costs a task 15 us in `bench/lifecycle`.
 */
export function changedHead(head: TaskHead, patch: TaskHeadPatch, written: WrittenFields = head): Mutable<TaskHead> {
  const next: Mutable<TaskHead> = {
    taskId: head.taskId,
    owner: head.owner,
    version: written.version,
    writeId: written.writeId,
    status: patch.status ?? head.status,
    createdAtMs: head.createdAtMs,
    lastUpdatedAtMs: patch.lastUpdatedAtMs ?? head.lastUpdatedAtMs,
    ttlMs: patch.ttlMs ?? head.ttlMs,
    expiresAtMs: patch.expiresAtMs ?? head.expiresAtMs,
    pollIntervalMs: head.pollIntervalMs,
    handler: head.handler,
    queue: head.queue,
    callDigest: head.callDigest,
    attempt: patch.attempt ?? head.attempt,
    crashCount: patch.crashCount ?? head.crashCount,
    dueAtMs: patch.dueAtMs === undefined ? head.dueAtMs : patch.dueAtMs,
    openQuestions: patch.openQuestions ?? head.openQuestions,
    entryBytes: written.entryBytes,
  };
  const { statusMessage = head.statusMessage, progress = head.progress, progressAtMs = head.progressAtMs } = patch;
  const { holder = head.holder, resultError = head.resultError, joinState = head.joinState } = patch;
  if (head.ttlRequested !== undefined) next.ttlRequested = head.ttlRequested;
  if (statusMessage != null) next.statusMessage = statusMessage;
  if (progress != null) next.progress = progress;
  if (progressAtMs != null) next.progressAtMs = progressAtMs;
  if (holder != null) next.holder = holder;
  if (resultError != null) next.resultError = resultError;
  if (head.joinKey !== undefined) next.joinKey = head.joinKey;
  if (joinState != null) next.joinState = joinState;
  return next;
}
