/**
 * The port between mcp-tasks and a database: a store implements it, and the runner uses nothing else of a database. It
 * is small, so that a new backend is cheap: records, versions and time limits, with no rule of the protocol in it.
 * Statuses come from 2025-11-25, Tasks, "Task Status"; the rules about them are in `../rules`.
 * `docs/writing-a-store.md` says how to write one.
 */
import type { TaskStatus } from '@mcp-tasks/wire';
import type { TaskEntry, TaskEntryKind, TaskHead, TaskPatch, TaskRecord } from './record.ts';

/** Limits on the number of tasks of one owner. */
export interface OwnerLimits {
  /** Tasks that are neither terminal nor expired. */
  readonly maxActiveTasks: number;
  /** Tasks that are not expired, terminal ones included. */
  readonly maxStoredTasks: number;
}

/** Input of {@link TaskStore.create}. */
export interface CreateTask {
  /** The first head: `version` 1, its `taskId` made by the caller. */
  readonly head: TaskHead;
  readonly entries: readonly TaskEntry[];
  /** 1 to 256 characters; unique among the live tasks of the owner. */
  readonly idempotencyKey?: string | undefined;
  readonly limits: OwnerLimits;
  readonly nowMs: number;
}

/** Outcome of a create. */
export type CreateTaskOutcome =
  | { readonly status: 'created'; readonly head: TaskHead }
  /**
   * A live task with this id, or with the same owner and idempotency key, exists; `head` is its head. Nothing was
   * written.
   */
  | { readonly status: 'existing'; readonly head: TaskHead }
  /** The owner is at this limit. Nothing was written. */
  | { readonly status: 'over-quota'; readonly limit: keyof OwnerLimits };

/** Input of {@link TaskStore.update}. */
export interface UpdateTask {
  readonly taskId: string;
  /** The write happens only when the stored version is this one. */
  readonly expectedVersion: number;
  readonly patch: TaskPatch;
  readonly nowMs: number;
}

/** Outcome of an update. */
export type UpdateTaskOutcome =
  | { readonly status: 'updated'; readonly head: TaskHead }
  /** The stored version is another; `head` is the present head. Nothing was written. */
  | { readonly status: 'conflict'; readonly head: TaskHead }
  /** No live task has this id. */
  | { readonly status: 'not-found' };

/** A place in an owner's list: that of the last task of the page before. */
export interface ListPosition {
  readonly createdAtMs: number;
  readonly taskId: string;
}

/** Input of {@link TaskStore.list}. */
export interface ListTasks {
  readonly owner: string;
  /** The page begins after this place; absent = at the newest task. */
  readonly after?: ListPosition | undefined;
  /** Heads on a page, from 1. */
  readonly limit: number;
  readonly nowMs: number;
}

/** One page of an owner's tasks, newest first: by `createdAtMs`, then `taskId`, both descending. */
export interface TaskPage {
  readonly heads: readonly TaskHead[];
  /** True when tasks follow this page. */
  readonly hasMore: boolean;
}

/** One lease: the holder that may write for an attempt of a task. */
export interface TaskLease {
  readonly taskId: string;
  readonly attempt: number;
  readonly holder: string;
}

/** A notice that a task may have changed; may be lost or repeated. */
export interface TaskHint {
  readonly taskId: string;
  readonly version: number;
  readonly status: TaskStatus;
}

/**
 * The place where tasks live: the port that a store implements.
 *
 * A store knows records, versions and time limits; it knows no rule about status, attempt or size.
 * Every method whose rule involves time takes `nowMs`: a store has neither clock nor timer.
 * A task is expired when `nowMs >= expiresAtMs`; from then on no method shows or changes it.
 * Methods fail with a {@link TaskError} (`STORE_UNAVAILABLE`, `STORE_CORRUPT_RECORD`, `STORE_CLOSED`) whose `cause` is
 * the driver's error.
 */
export interface TaskStore {
  /**
   * Connect and migrate; called once before any other method. Absent = the store is ready when made.
   *
   * @throws {TaskError} STORE_UNAVAILABLE - the backend cannot be reached; STORE_INCOMPATIBLE - its schema was not made
   *   by this store.
   */
  open?(): Promise<void>;

  /**
   * Add a task, atomically with the quota and the idempotency key.
   *
   * In this order: a live task with this id, or with the same owner and idempotency key, is answered as `existing`;
   * an owner at a limit gets `over-quota`; else the record is stored, and every process can read it once this resolves.
   * Expired tasks do not count and free their key. A store on a server goes by the earlier of `nowMs` and its server's
   * present. Safe to send again when the answer was lost.
   */
  create(input: CreateTask): Promise<CreateTaskOutcome>;

  /** Read live tasks by id, with the entries of the kinds named; ids without a live task are left out. */
  get(input: {
    readonly taskIds: readonly string[];
    readonly kinds: readonly TaskEntryKind[];
    readonly nowMs: number;
  }): Promise<readonly TaskRecord[]>;

  /**
   * Write a patch if the version is the expected one. Of two racing writers exactly one wins; the other gets the
   * present head in the same answer. The cost depends on head and patch, never on what the task has stored.
   */
  update(input: UpdateTask): Promise<UpdateTaskOutcome>;

  /** Read one page of an owner's live tasks, at a cost that does not depend on how many tasks exist. */
  list(input: ListTasks): Promise<TaskPage>;

  /**
   * Read the live, non-terminal tasks of the named handlers with `dueAtMs <= nowMs`, the longest due first. A store on
   * a server goes by the earlier of `nowMs` and its server's present.
   */
  due(input: {
    readonly handlers: readonly string[];
    readonly limit: number;
    readonly nowMs: number;
  }): Promise<readonly TaskHead[]>;

  /**
   * Move `dueAtMs` of every task whose attempt and holder still match (live and not terminal), in one call.
   * Changes no version and sends no hint. Returns the heads that are still held.
   */
  renew(input: {
    readonly leases: readonly TaskLease[];
    readonly dueAtMs: number;
    readonly nowMs: number;
  }): Promise<readonly TaskHead[]>;

  /**
   * Remove up to `limit` expired tasks with all that belongs to them. The cost depends on the tasks removed. A store on
   * a server goes by the earlier of `nowMs` and its server's present: a process whose clock is ahead removes nothing
   * early.
   *
   * @returns how many were removed.
   */
  deleteExpired(input: { readonly nowMs: number; readonly limit: number }): Promise<number>;

  /**
   * Get hints of changes, also from other processes. Optional: no promise depends on it.
   *
   * @returns ends the watch.
   */
  watch?(listener: (hint: TaskHint) => void): Promise<() => Promise<void>>;

  /**
   * Read the backend's present, in milliseconds since 1970-01-01 UTC, so that all processes share a time base. A store
   * that has it takes no task for expired or due before that instant.
   */
  serverTimeMs?(): Promise<number>;

  /** Release what the store opened; a connection that the caller passed in stays open. Safe to call twice. */
  close(): Promise<void>;
}
