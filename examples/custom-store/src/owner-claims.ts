import path from 'node:path';
import type { CreateTask, TaskHead } from '@mcp-tasks/store';
import { makeFolder, namesIn, readIfThere, replace, writeNew } from './durable-files.ts';
import { fileName, type JournalEntry, TaskJournal } from './task-journal.ts';

/** The file with which an owner's task begins: its first write, and the idempotency key. */
interface Claim extends JournalEntry {
  readonly idempotencyKey?: string | undefined;
}

/** A claim in the owner's folder. */
export interface OwnedTask {
  readonly number: number;
  /** As it was created. */
  readonly head: TaskHead;
  readonly idempotencyKey: string | undefined;
}

/**
 * The tasks of one owner: a folder with a numbered claim per task.
 *
 * The process that makes the next number has created a task, and has seen every claim before it: so quota and key are checked
 * against the truth. A number is never given twice.
 */
export class OwnerClaims {
  readonly #root: string;
  readonly #folder: string;

  constructor(root: string, owner: string) {
    this.#root = root;
    this.#folder = path.join(root, 'owners', fileName(owner));
  }

  /** Every claim, oldest first, and the number of the latest. */
  async all(): Promise<{ readonly tasks: readonly OwnedTask[]; readonly latestNumber: number }> {
    const names = await namesIn(this.#folder);
    const texts = await Promise.all(names.map((name) => readIfThere(path.join(this.#folder, name))));
    const tasks = texts.flatMap((text, index): OwnedTask[] => {
      if (text === undefined || text === '') return []; // kept for its number alone
      const { head, idempotencyKey } = JSON.parse(text) as Claim;
      return [{ number: Number.parseInt(names[index] ?? '', 10), head, idempotencyKey }];
    });
    return { tasks, latestNumber: Number.parseInt(names.at(-1) ?? '0', 10) };
  }

  /** The journal of a claim, made now if its creator died, or is about to, before it could make one. */
  async journal({ number, head }: OwnedTask, nowMs: number): Promise<TaskJournal> {
    const journal = new TaskJournal(this.#root, head.taskId);
    const isMissing = nowMs < head.expiresAtMs && (await journal.latest()) === undefined;
    if (isMissing) await journal.begin(this.#file(number));
    return journal;
  }

  /** Create a task under this number. @returns false = the number is taken: another process created a task meanwhile. */
  async add(number: number, { head, entries, idempotencyKey }: CreateTask): Promise<boolean> {
    await makeFolder(this.#folder);
    const claim: Claim = { head, dueSetAtVersion: 1, put: entries, delete: [], idempotencyKey };
    if (!(await writeNew(this.#file(number), JSON.stringify(claim)))) return false;
    await new TaskJournal(this.#root, head.taskId).begin(this.#file(number));
    return true;
  }

  /** Forget a task that is removed; the file stays, empty, for its number. */
  async forget(taskId: string): Promise<void> {
    const { tasks } = await this.all();
    for (const { number, head } of tasks) if (head.taskId === taskId) await replace(this.#file(number), '');
  }

  #file(number: number): string {
    return path.join(this.#folder, `${number.toFixed(0).padStart(16, '0')}.json`);
  }
}
