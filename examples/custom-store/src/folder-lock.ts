import { randomUUID } from 'node:crypto';
import { link, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasCode, namesIn, readIfThere } from './durable-files.ts';

/** Changes when the machine starts again: a process of before is dead, whatever has its number now. */
const BOOT_FILE = '/proc/sys/kernel/random/boot_id';
const FREE = 'free';
const LONGEST_PAUSE_MS = 5;

/** The last call of this process for each lock: calls of one process wait for each other without looking at files. */
const lastCalls = new Map<string, Promise<void>>();

/**
 * A lock among the processes of one machine: a folder with a file for each time it was taken, named by its number.
 *
 * The process that makes the file of the next number has the lock; it may do so when the latest file says that the lock
 * is free, or when the process named there is dead. So `kill -9` leaves no lock.
 */
export class FolderLock {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Do some work while no other call has the lock. */
  async hold<Value>(work: () => Promise<Value>): Promise<Value> {
    const before = lastCalls.get(this.#folder);
    const mine = (async () => {
      await before;
      const number = await this.#take();
      try {
        return await work();
      } finally {
        await writeFile(this.#file(number), FREE);
      }
    })();
    const settled = mine.then(
      () => undefined,
      () => undefined, // its caller is told
    );
    lastCalls.set(this.#folder, settled);
    try {
      return await mine;
    } finally {
      if (lastCalls.get(this.#folder) === settled) lastCalls.delete(this.#folder);
    }
  }

  async #take(): Promise<number> {
    const holder = `${process.pid} ${(await readIfThere(BOOT_FILE)) ?? ''}`;
    for (;;) {
      const latest = await this.#latest();
      if (latest === 0 || (await this.#isFree(latest, holder))) {
        const number = latest + 1;
        // A slow process may take a number that was removed as an old one: it has the lock only if none is above.
        if ((await this.#write(number, holder)) && (await this.#latest()) === number) {
          await this.#removeBelow(number);
          return number;
        }
      }
      await sleep(Math.random() * LONGEST_PAUSE_MS);
    }
  }

  async #isFree(number: number, holder: string): Promise<boolean> {
    const text = await readIfThere(this.#file(number));
    if (text === FREE) return true;
    if (text === undefined || text === '') return false; // it changes this moment
    const [pid = '', boot = ''] = text.split(' ');
    return boot !== holder.split(' ')[1] || !isAlive(Number(pid));
  }

  async #write(number: number, text: string): Promise<boolean> {
    const temporary = path.join(this.#folder, `.${randomUUID()}`);
    try {
      await writeFile(temporary, text);
      await link(temporary, this.#file(number));
      return true;
    } catch (error) {
      if (hasCode(error, 'EEXIST')) return false;
      throw error;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  async #removeBelow(number: number): Promise<void> {
    for (const name of await namesIn(this.#folder)) {
      if (Number(name) < number) await rm(path.join(this.#folder, name), { force: true });
    }
  }

  async #latest(): Promise<number> {
    return Number((await namesIn(this.#folder)).at(-1) ?? 0);
  }

  #file(number: number): string {
    return path.join(this.#folder, number.toFixed(0).padStart(16, '0'));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !hasCode(error, 'ESRCH');
  }
}
