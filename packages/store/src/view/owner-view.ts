import type { Clock } from '../port/clock.ts';
import { taskNotFound } from '../port/failures.ts';
import type { TaskEntryKind, TaskHead, TaskRecord } from '../port/record.ts';
import { TaskError } from '../port/task-error.ts';
import { isTaskId } from '../port/task-id.ts';
import type { TaskStore } from '../port/task-store.ts';
import { resend } from '../rules/resend.ts';
import type { WaiterHub } from '../watch/waiter-hub.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';

const PAGE_SIZE = 50;

/** Parts that an owner's view reads and waits through. */
export interface OwnerViewOptions {
  readonly store: TaskStore;
  readonly clock: Clock;
  readonly hub: WaiterHub;
}

/** A page of an owner's tasks, newest first. */
export interface OwnerPage {
  readonly heads: readonly TaskHead[];
  /** Opaque and bound to the owner; absent on the last page. */
  readonly nextCursor?: string | undefined;
}

/**
 * One owner's tasks. No method reaches a task of another owner: such a task, a missing and an expired one all give
 * {@link TaskError} TASK_NOT_FOUND with one text, and so does an id of more than 128 characters, which is not looked
 * up.
 */
export interface OwnerView {
  /** Read the head, and the entries of these kinds (default: none). */
  get(taskId: string, kinds?: readonly TaskEntryKind[]): Promise<TaskRecord>;
  /**
   * Read one page, newest first, 50 tasks by default.
   *
   * @throws {TaskError} INVALID_CURSOR; {RangeError} `limit` is not an integer from 1.
   */
  list(options?: { readonly cursor?: string | undefined; readonly limit?: number | undefined }): Promise<OwnerPage>;
  /**
   * Wait until `until` holds for the head. It is tried at once and after each change. A failing store only delays it.
   *
   * Rejects with the reason when `signal` aborts, with TASK_NOT_FOUND when the task expires, with STORE_CLOSED when the
   * hub closes.
   */
  waitFor(
    taskId: string,
    until: (head: TaskHead) => boolean,
    options: { readonly signal: AbortSignal },
  ): Promise<TaskHead>;
  /**
   * Call `listener` with the head at once and after each change, with `undefined` as the last call when the task is
   * gone.
   *
   * @returns stops; safe to call twice.
   */
  watch(taskId: string, listener: (head: TaskHead | undefined) => void): () => void;
}

/** Make the view of one owner. The owner string must have been checked. */
export function ownerView({ store, clock, hub }: OwnerViewOptions, owner: string): OwnerView {
  const read = async (taskId: string, kinds: readonly TaskEntryKind[]): Promise<TaskRecord> => {
    if (!isTaskId(taskId)) throw taskNotFound();
    const records = await store.get({ taskIds: [taskId], owner, kinds, nowMs: clock.nowMs() });
    const record = records[0];
    if (record?.head.owner !== owner) throw taskNotFound();
    return record;
  };
  const get = async (taskId: string, kinds: readonly TaskEntryKind[] = []): Promise<TaskRecord> => {
    const send = () => read(taskId, kinds);
    return send().catch((error: unknown) => resend(clock, send, error));
  };

  return {
    get,

    async list({ cursor, limit = PAGE_SIZE } = {}) {
      if (!Number.isSafeInteger(limit) || limit < 1)
        throw new RangeError(`limit must be an integer from 1, not ${limit}.`);
      const after = cursor === undefined ? undefined : decodeCursor(owner, cursor);
      const { heads, hasMore } = await store.list({ owner, after, limit, nowMs: clock.nowMs() });
      const last = heads.at(-1);
      return hasMore && last ? { heads, nextCursor: encodeCursor(owner, last) } : { heads };
    },

    async waitFor(taskId, until, { signal }) {
      signal.throwIfAborted();
      const first = await read(taskId, []).then(({ head }) => head, orUnread);
      if (first !== undefined && until(first)) return first;
      const own = (head: TaskHead | undefined): head is TaskHead => {
        if (head?.owner !== owner) throw taskNotFound();
        return until(head);
      };
      return waitInHub(hub, { taskId, seenVersion: first?.version ?? 0 }, own, signal);
    },

    watch(taskId, listener) {
      let isOver = false;
      const notify = (head: TaskHead | undefined) => {
        const own = head?.owner === owner ? head : undefined;
        if (isOver) return;
        if (own === undefined) stop();
        listener(own);
      };
      const leave = isTaskId(taskId) ? hub.add({ taskId, seenVersion: () => 0, notify }) : goneAtOnce(notify);
      const stop = () => {
        isOver = true;
        leave();
      };
      return stop;
    },
  };
}

function goneAtOnce(notify: (head: undefined) => void): () => void {
  queueMicrotask(() => {
    notify(undefined);
  });
  return () => undefined;
}

/** Wait on after a first read that failed for now, as the hub does after any later one. */
function orUnread(error: unknown): undefined {
  if (TaskError.is(error) && error.retryable) return undefined;
  throw error;
}

/** Wait until a version of a task after `seenVersion` is the one. */
function waitInHub(
  hub: WaiterHub,
  { taskId, seenVersion }: { readonly taskId: string; readonly seenVersion: number },
  until: (head: TaskHead | undefined) => head is TaskHead,
  signal: AbortSignal,
): Promise<TaskHead> {
  return new Promise((resolve, reject) => {
    const settle = (end: () => void) => {
      leave();
      signal.removeEventListener('abort', abort);
      end();
    };
    const refuse = (error: unknown) => {
      settle(() => {
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a signal's reason is handed on as it is
        reject(error);
      });
    };
    const abort = () => {
      refuse(signal.reason);
    };
    const look = (head: TaskHead | undefined) => {
      if (until(head)) {
        settle(() => {
          resolve(head);
        });
      }
    };
    const leave = hub.add({
      taskId,
      seenVersion: () => seenVersion,
      notify: (head) => {
        try {
          look(head);
        } catch (error) {
          refuse(error);
        }
      },
      failed: (error) => {
        if (TaskError.is(error, 'STORE_CLOSED')) refuse(error);
      },
    });
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort);
  });
}
