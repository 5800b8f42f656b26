import type { TaskHead } from '../port/record.ts';

/** Somebody who waits for changes of one task. */
export interface TaskWaiter {
  readonly taskId: string;
  /** The version that the waiter knows, 0 for none: it is not told of this one or older ones, and hints of them cost no read. */
  seenVersion(): number;
  /** The task has a newer version; `undefined`, as the last call, when it is gone. Versions may be left out. Must not throw. */
  notify(head: TaskHead | undefined): void;
  /** A read or the watch failed; the next tick tries again. With STORE_CLOSED none follows: the hub was closed. Must not throw. */
  failed?(error: unknown): void;
}

interface Awaited {
  /** Waiters, with the version that each was told of last. */
  readonly waiters: Map<TaskWaiter, number>;
  /** The latest version that was read. */
  version: number;
}

/** A version that is news to everybody. */
export const ANY_VERSION = Infinity;

/** Who waits for which task, what each knows, and telling them. */
export class AwaitedTasks {
  readonly #byId = new Map<string, Awaited>();

  /** How many tasks are awaited. */
  get size(): number {
    return this.#byId.size;
  }

  get waiterCount(): number {
    let count = 0;
    for (const { waiters } of this.#byId.values()) count += waiters.size;
    return count;
  }

  taskIds(): readonly string[] {
    return [...this.#byId.keys()];
  }

  /** @returns removes the waiter; safe to call twice. */
  add(waiter: TaskWaiter): () => void {
    const { taskId } = waiter;
    const awaited = this.#byId.get(taskId) ?? { waiters: new Map<TaskWaiter, number>(), version: 0 };
    this.#byId.set(taskId, awaited);
    awaited.waiters.set(waiter, 0);
    return () => {
      awaited.waiters.delete(waiter);
      if (awaited.waiters.size === 0 && this.#byId.get(taskId) === awaited) this.#byId.delete(taskId);
    };
  }

  /** Tell whether somebody waits for the task who does not know this version. */
  isNews(taskId: string, version: number): boolean {
    const awaited = this.#byId.get(taskId);
    if (awaited === undefined) return false;
    if (version === ANY_VERSION) return true;
    return version > awaited.version && [...awaited.waiters.keys()].some((waiter) => waiter.seenVersion() < version);
  }

  /** Tell the waiters of a task what was read; nobody waits any longer for a task that is gone. */
  deliver(taskId: string, head: TaskHead | undefined): void {
    const awaited = this.#byId.get(taskId);
    if (awaited === undefined) return;
    if (head === undefined) this.#byId.delete(taskId);
    else awaited.version = Math.max(awaited.version, head.version);
    for (const [waiter, toldVersion] of [...awaited.waiters]) {
      // One that was removed by the call before it.
      if (!awaited.waiters.has(waiter)) continue;
      if (head !== undefined) {
        if (head.version <= Math.max(toldVersion, waiter.seenVersion())) continue;
        awaited.waiters.set(waiter, head.version);
      }
      isolated(() => {
        waiter.notify(head);
      });
    }
  }

  /** Tell the waiters of tasks that something failed. */
  tell(taskIds: readonly string[], error: unknown): void {
    const waiters = taskIds.flatMap((taskId) => [...(this.#byId.get(taskId)?.waiters.keys() ?? [])]);
    for (const waiter of waiters) isolated(() => waiter.failed?.(error));
  }

  clear(): void {
    this.#byId.clear();
  }
}

/** Call a waiter so that its fault, which surfaces as an uncaught exception, reaches no other waiter. */
function isolated(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
