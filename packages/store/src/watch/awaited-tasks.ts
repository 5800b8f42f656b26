import type { TaskHead } from '../port/record.ts';

/** A waiter for changes of one task. */
export interface TaskWaiter {
  readonly taskId: string;
  /**
   * Tell the version that the waiter knows, 0 for none. It does not hear of this one or older ones, and hints of them
   * cost no read.
   */
  seenVersion(): number;
  /**
   * Take a newer head; `undefined`, as the last call, when the task is gone. Versions may be left out. Must not throw.
   */
  notify(head: TaskHead | undefined): void;
  /**
   * Take the error of a failed read or watch; the next tick tries again. With STORE_CLOSED no tick follows: the hub was
   * closed. Must not throw.
   */
  failed?(error: unknown): void;
}

interface Awaited {
  /** Waiters, each with the version that it heard of last. */
  readonly waiters: Map<TaskWaiter, number>;
  /** The latest version that was read. */
  version: number;
}

/** A version that is news to every waiter. */
export const ANY_VERSION = Infinity;

/** The awaited tasks: their waiters, and the version that each waiter knows. */
export class AwaitedTasks {
  readonly #byId = new Map<string, Awaited>();

  /** Number of awaited tasks. */
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

  /** Add a waiter. @returns removes the waiter; safe to call twice. */
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

  /** Tell whether a waiter for the task does not know this version. */
  isNews(taskId: string, version: number): boolean {
    const awaited = this.#byId.get(taskId);
    if (awaited === undefined) return false;
    if (version === ANY_VERSION) return true;
    return version > awaited.version && [...awaited.waiters.keys()].some((waiter) => waiter.seenVersion() < version);
  }

  /** Give the waiters of a task the head that was read; a task that is gone loses its waiters. */
  deliver(taskId: string, head: TaskHead | undefined): void {
    const awaited = this.#byId.get(taskId);
    if (awaited === undefined) return;
    if (head === undefined) this.#byId.delete(taskId);
    else awaited.version = Math.max(awaited.version, head.version);
    for (const [waiter, toldVersion] of [...awaited.waiters]) {
      // The call of an earlier waiter may have removed this one.
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

  /** Give an error to the waiters of tasks. */
  tell(taskIds: readonly string[], error: unknown): void {
    const waiters = taskIds.flatMap((taskId) => [...(this.#byId.get(taskId)?.waiters.keys() ?? [])]);
    for (const waiter of waiters) isolated(() => waiter.failed?.(error));
  }

  clear(): void {
    this.#byId.clear();
  }
}

/** Call a waiter so that its error, which surfaces as an uncaught exception, does not reach another waiter. */
function isolated(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
