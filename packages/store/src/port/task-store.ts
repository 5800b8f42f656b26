/**
 * The port between mcp-tasks and a database: a store implements it, and the runner uses nothing else of a database. It
 * is small, so that a new backend is cheap: records, versions and time limits, with no rule of the protocol in it.
 * Statuses come from 2025-11-25, Tasks, "Task Status"; the rules about them are in `../rules`.
 * `docs/writing-a-store.md` says how to write one.
 */
import type { TaskStatus } from '@mcp-tasks/wire';
import type { TaskEntry, TaskEntryKind, TaskHead, TaskPatch, TaskRecord } from './record.ts';

/** Version of the port that this package speaks; a store names it in {@link TaskStore.portVersion}. */
export const PORT_VERSION = 2;

/** Limits on what one owner has stored. */
export interface OwnerLimits {
  /** Tasks that are neither terminal nor expired. */
  readonly maxActiveTasks: number;
  /** Tasks that are not yet removed, terminal and expired ones included. */
  readonly maxStoredTasks: number;
  /** Bytes of all entries of those tasks, by `entryBytes`. */
  readonly maxStoredBytes: number;
}

/** Input of {@link TaskStore.create}. */
export interface CreateTask {
  /**
   * The first head: `version` 1, `taskId` and `writeId` made by the caller. It may be claimed already: `attempt` 1,
   * with holder and lease.
   */
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
  /** The owner is at this limit. No task was written. */
  | {
      readonly status: 'over-quota';
      readonly limit: keyof OwnerLimits;
      /** True when expired tasks of the owner still count: sent again, the create may find them removed. */
      readonly retryable: boolean;
    };

/** Input of {@link TaskStore.update}. */
export interface UpdateTask {
  readonly taskId: string;
  /** The write happens only when version and write id of the stored head are these. A head will do. */
  readonly expected: Pick<TaskHead, 'version' | 'writeId'>;
  /** Id of this write: random, at most 64 ASCII characters; the same when the same write is sent again. */
  readonly writeId: string;
  readonly patch: TaskPatch;
  /** Refuse a patch that would make the owner's stored bytes grow beyond this; absent = no bound. */
  readonly maxStoredBytes?: number | undefined;
  readonly nowMs: number;
}

/** Outcome of an update. */
export type UpdateTaskOutcome =
  /** Written, now or when the same write came before: the head holds its `writeId`. */
  | { readonly status: 'updated'; readonly head: TaskHead }
  /** The stored version or write id is another; `head` is the present head. Nothing was written. */
  | { readonly status: 'conflict'; readonly head: TaskHead }
  /** The patch would make the owner's stored bytes grow beyond `maxStoredBytes`. Nothing was written. */
  | { readonly status: 'over-quota'; readonly head: TaskHead }
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

/** A place among due tasks: that of the last task of the page before. */
export interface DuePosition {
  readonly dueAtMs: number;
  readonly taskId: string;
}

/** Input of {@link TaskStore.due}. */
export interface DueTasks {
  /** Only tasks of these handlers, or of all handlers `except` these. */
  readonly handlers: readonly string[] | { readonly except: readonly string[] };
  readonly queues: readonly string[];
  /** The page begins after this place; absent = at the longest due. */
  readonly after?: DuePosition | undefined;
  readonly limit: number;
  readonly nowMs: number;
}

/** A handler that the claiming process knows. */
export interface ClaimHandler {
  readonly name: string;
  /**
   * A task of the handler is a suspect from this crash count on, counted after the claim: it may be what ends
   * processes. Absent = never.
   */
  readonly suspectCrashCount?: number | undefined;
}

/** The number of tasks that a claim may take of one owner. */
export interface OwnerRoom {
  readonly owner: string;
  /** From 0, which takes none. */
  readonly limit: number;
}

/** Input of {@link TaskStore.claim}. */
export interface ClaimTasks {
  /** Only tasks of these handlers are claimed. */
  readonly handlers: readonly ClaimHandler[];
  /** Only tasks of these queues are claimed. */
  readonly queues: readonly string[];
  /** Claim only these tasks: owners take no turns, and `perOwner`, `owners` and `afterOwner` have no effect. */
  readonly taskIds?: readonly string[] | undefined;
  /** The process start that claims. */
  readonly holder: string;
  /** Id of this write, as in {@link UpdateTask}; every claimed head gets it. */
  readonly writeId: string;
  readonly leaseMs: number;
  /** Most tasks to claim, from 1. */
  readonly limit: number;
  /** Most tasks to claim of one owner, from 1. */
  readonly perOwner: number;
  /** Owners with another number than `perOwner`. */
  readonly owners?: readonly OwnerRoom[] | undefined;
  /** The owner after which the turn begins: `lastOwner` of the claim before. Absent = at the first. */
  readonly afterOwner?: string | undefined;
  /** Most suspects to claim, from 0. */
  readonly suspects: number;
  /** False leaves tasks with a holder alone, also when their lease has ended. */
  readonly takesLostRuns: boolean;
  /** Kinds of entries to answer with each record. */
  readonly kinds: readonly TaskEntryKind[];
  readonly nowMs: number;
}

/** Outcome of a claim. */
export interface ClaimOutcome {
  /** The claimed tasks as they are now. */
  readonly records: readonly TaskRecord[];
  /** The last owner that was looked at; absent when none was. */
  readonly lastOwner?: string | undefined;
  /**
   * The earliest `dueAtMs` among the tasks of these handlers and queues after the claim: at or before the present when
   * due tasks were left, null when no such task has a time. With `taskIds` the value has no meaning.
   */
  readonly nextDueAtMs: number | null;
}

/** A notice that a task may have changed; may be lost or repeated. */
export interface TaskHint {
  readonly taskId: string;
  readonly version: number;
  readonly status: TaskStatus;
  /** Present when the write left the task without a holder and with a time at which it is due. */
  readonly due?: { readonly handler: string; readonly queue: string; readonly atMs: number } | undefined;
}

/**
 * The place where tasks live: the port that a store implements.
 *
 * A store knows records, versions and time limits; it knows no rule about status, attempt or size.
 * Every method whose rule involves time takes `nowMs`: a store has neither clock nor timer. In `create`, `due`, `claim`,
 * `renew` and `deleteExpired` the present of a store on a server is the earlier of `nowMs` and its server's time, so that
 * a process whose clock is ahead expires and claims nothing early; elsewhere, and without a server, it is `nowMs`.
 * A task is expired when `nowMs >= expiresAtMs`; from then on no method shows or changes it.
 * Methods fail with a {@link TaskError} (`STORE_UNAVAILABLE`, `STORE_CORRUPT_RECORD`, `STORE_CLOSED`) whose `cause` is
 * the driver's error.
 */
export interface TaskStore {
  /** The version of the port that the store implements: {@link PORT_VERSION}. */
  readonly portVersion: typeof PORT_VERSION;

  /**
   * Connect and migrate; called once before any other method. Absent = the store is ready when made.
   *
   * @throws {TaskError} STORE_UNAVAILABLE - the backend cannot be reached; STORE_INCOMPATIBLE - its schema was not made
   *   by this store.
   */
  open?(): Promise<void>;

  /**
   * Add a task, atomically with the limits and the idempotency key.
   *
   * In this order: a live task with this id, or with the same owner and idempotency key, is answered as `existing`;
   * an owner at a limit gets `over-quota`; else the record is stored, and every process can read it once this resolves.
   *
   * Expired tasks free their key at once and are never active. They count as stored, with their bytes, until they are
   * removed: a create that `maxStoredTasks` or `maxStoredBytes` would refuse first removes up to 100 of that owner's,
   * the longest expired first, and is then decided. The cost does not grow with the number of tasks that the owner has,
   * beyond the limits. Safe to send again when the answer was lost.
   */
  create(input: CreateTask): Promise<CreateTaskOutcome>;

  /**
   * Read live tasks by id, with the entries of the kinds named; ids without a live task are left out. With an `owner`,
   * a task of another owner is left out too, at the cost of a missing one.
   */
  get(input: {
    readonly taskIds: readonly string[];
    readonly owner?: string | undefined;
    readonly kinds: readonly TaskEntryKind[];
    readonly nowMs: number;
  }): Promise<readonly TaskRecord[]>;

  /**
   * Write a patch if version and write id are the expected ones. Of two racing writers exactly one wins; the other gets
   * the present head in the same answer. A write that the head holds already is answered as `updated` and not made
   * again. The cost depends on head and patch, never on what the task has stored. The store keeps `entryBytes` and the
   * sum of its owner in the same transaction.
   */
  update(input: UpdateTask): Promise<UpdateTaskOutcome>;

  /**
   * Find the newest live task of an owner that has this join key and a `joinState`, by `createdAtMs`, then `taskId`.
   * Other tasks cost nothing.
   */
  findJoinable(input: {
    readonly owner: string;
    readonly joinKey: string;
    readonly nowMs: number;
  }): Promise<TaskHead | undefined>;

  /** Read one page of an owner's live tasks, at a cost that does not depend on how many tasks exist. */
  list(input: ListTasks): Promise<TaskPage>;

  /**
   * Read a page of the live, non-terminal tasks of these handlers and queues with `dueAtMs <= nowMs`, the longest due
   * first (by `dueAtMs`, then `taskId`), without claiming them. The cost depends on the page and on the number of
   * handlers: those named, or with `except` those that have a task with a time. Tasks of other handlers cost nothing.
   */
  due(input: DueTasks): Promise<readonly TaskHead[]>;

  /**
   * Pick due tasks and claim them for runs, in one step: no two callers get the same. The only way to begin a run of a
   * stored task.
   *
   * A task can be claimed when it is live, not terminal, of one of the handlers and queues, and due. A claimed head has
   * `attempt` + 1, the `holder`, `dueAtMs` = the present + `leaseMs`, `lastUpdatedAtMs` = the present, version + 1 and
   * the `writeId`, and `crashCount` + 1 where another holder was set: its lease ran out.
   *
   * Owners take turns, in the order of their UTF-8 bytes: the turn begins after `afterOwner` and goes on from the first
   * owner after the last. Of each owner the longest due come first. A claim looks at 64 + 4 x `limit` owners at most;
   * the next one goes on from `lastOwner`.
   *
   * Sent again with its `writeId` while its leases last, it answers the tasks that it claimed and no other call has
   * written since, and claims nothing more.
   */
  claim(input: ClaimTasks): Promise<ClaimOutcome>;

  /**
   * Move `dueAtMs` to the present + `leaseMs` for every task whose attempt and holder still match (live and not
   * terminal), in one call. Changes no version and sends no hint. Returns the heads that are still held.
   */
  renew(input: {
    readonly leases: readonly TaskLease[];
    readonly leaseMs: number;
    readonly nowMs: number;
  }): Promise<readonly TaskHead[]>;

  /**
   * Remove up to `limit` expired tasks with all that belongs to them. The cost depends on the tasks removed.
   *
   * @returns their heads.
   */
  deleteExpired(input: { readonly nowMs: number; readonly limit: number }): Promise<readonly TaskHead[]>;

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
