import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DatabaseFile } from './database-file.ts';
import { isLocked } from './errors.ts';
import type { SqliteSession } from './sqlite-session.ts';
import { type Patience, whileLocked } from './while-locked.ts';

/** One write that waits for its turn; it may run more than once, and is committed at most once. */
interface QueuedWrite {
  readonly run: () => unknown;
  /** About how much it writes. */
  readonly bytes: number;
  readonly sinceMs: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** More in one commit would keep the event loop, and other processes, waiting. */
const MAX_WRITES_PER_COMMIT = 32;
const MAX_BYTES_PER_COMMIT = 1024 * 1024;

/**
 * The writes of one connection, in order.
 *
 * A commit costs one flush to the disk, small or large: writes that are asked for together, or that wait for the same
 * lock, are committed together. Each resolves when its commit is on the disk, in the file that others find.
 */
export class WriteQueue {
  readonly #session: SqliteSession;
  readonly #patience: Patience;
  readonly #file: DatabaseFile | undefined;
  readonly #writes: QueuedWrite[] = [];
  #draining: Promise<void> | undefined;
  /** How many of the first writes are committed one by one. */
  #alone = 0;

  constructor(session: SqliteSession, patience: Patience, file: DatabaseFile | undefined) {
    this.#session = session;
    this.#patience = patience;
    this.#file = file;
  }

  /**
   * Run a write in a transaction; what it throws takes back this write only.
   *
   * @param bytes - about how much it writes.
   */
  add<Value>(run: () => Value, bytes: number): Promise<Value> {
    return new Promise<Value>((resolve, reject) => {
      const sinceMs = performance.now();
      this.#writes.push({ run, bytes, sinceMs, resolve: resolve as QueuedWrite['resolve'], reject });
      this.#draining ??= this.#drain();
    });
  }

  /** Resolves when every write that was added has ended. */
  async idle(): Promise<void> {
    await this.#draining;
  }

  async #drain(): Promise<void> {
    while (this.#writes.length > 0) {
      // What this process does meanwhile goes first; its writes join the commit.
      await nextTurn();
      await this.#commitNext();
    }
    this.#draining = undefined;
  }

  async #commitNext(): Promise<void> {
    const sinceMs = this.#writes[0]?.sinceMs;
    let group: readonly QueuedWrite[] = [];
    try {
      const values = await whileLocked(
        () => {
          this.#file?.requireUnmoved();
          group = this.#next();
          return this.#session.transaction(() => group.map(({ run }) => run()));
        },
        this.#patience,
        sinceMs,
      );
      // What was committed to a file that is no longer there counts as not written.
      const moved = this.#file?.findMove();
      for (const [index, { resolve, reject }] of this.#take(group.length).entries()) {
        if (moved === undefined) resolve(values[index]);
        else reject(moved);
      }
    } catch (error) {
      if (isLocked(error)) {
        for (const { reject } of this.#take(this.#countLate())) reject(error);
      } else if (group.length > 1) {
        // One of them may be the reason: the others are not to suffer for it.
        this.#alone = group.length;
      } else {
        for (const { reject } of this.#take(1)) reject(error);
      }
    }
  }

  /** The writes of the next commit: at least one, the others as long as they are small together. */
  #next(): readonly QueuedWrite[] {
    if (this.#alone > 0) return this.#writes.slice(0, 1);
    let bytes = 0;
    const first = this.#writes.slice(0, MAX_WRITES_PER_COMMIT);
    return first.filter((write, index) => (bytes += write.bytes) <= MAX_BYTES_PER_COMMIT || index === 0);
  }

  #take(count: number): readonly QueuedWrite[] {
    this.#alone = Math.max(0, this.#alone - count);
    return this.#writes.splice(0, count);
  }

  /** How many of the first writes have waited their time; the first has. */
  #countLate(): number {
    const latestMs = performance.now() - this.#patience.timeoutMs;
    const onTime = this.#writes.findIndex(({ sinceMs }, index) => index > 0 && sinceMs > latestMs);
    return onTime === -1 ? this.#writes.length : onTime;
  }
}
