import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { CreateTask, TaskHead } from '@mcp-tasks/store';
import { hasCode, makeFolder, namesIn, readIfThere, replace } from './durable-files.ts';
import { FolderLock } from './folder-lock.ts';
import { fileName, firstEntry, type JournalEntry, TaskJournal } from './task-journal.ts';

/** The file with which a task begins: its first write, and the idempotency key. */
interface FirstFile extends JournalEntry {
  readonly idempotencyKey?: string | undefined;
}

/** A task of an owner, as of its latest write. */
export interface OwnedTask {
  readonly journal: TaskJournal;
  readonly latest: JournalEntry;
  readonly idempotencyKey?: string | undefined;
}

/**
 * The tasks of one owner: a folder with the first file of each.
 *
 * What depends on all tasks of the owner (quota and idempotency key) is decided and written under the lock of the folder,
 * and so is what makes their sum of bytes grow.
 */
export class OwnerFolder {
  readonly #root: string;
  readonly #folder: string;

  constructor(root: string, owner: string) {
    this.#root = root;
    this.#folder = path.join(root, 'owners', fileName(owner));
  }

  /** Do some work while no other call of any process does work under this lock. */
  async locked<Value>(work: () => Promise<Value>): Promise<Value> {
    const folder = path.join(this.#folder, '.lock');
    await makeFolder(folder);
    return new FolderLock(folder).hold(work);
  }

  /** Read every task that is not removed, expired ones included. */
  async tasks(): Promise<readonly OwnedTask[]> {
    const names = await namesIn(this.#folder);
    const tasks = await Promise.all(names.map((name) => this.#task(path.join(this.#folder, name))));
    return tasks.filter((task) => task !== undefined);
  }

  /** Add a task; call it under the lock. @returns its head. */
  async add({ head, entries, idempotencyKey }: CreateTask): Promise<TaskHead> {
    const file = this.#file(head.taskId);
    const first: FirstFile = { ...firstEntry(head, entries), idempotencyKey };
    await replace(file, JSON.stringify(first));
    await new TaskJournal(this.#root, head.taskId).begin(file);
    return first.head;
  }

  /** Remove a task as of its latest write, with all that it has. @returns false = another write came first. */
  async remove({ journal, latest }: OwnedTask): Promise<boolean> {
    if (!(await journal.remove(latest))) return false;
    await rm(this.#file(latest.head.taskId), { force: true });
    await journal.discard();
    return true;
  }

  async #task(file: string): Promise<OwnedTask | undefined> {
    const text = await readIfThere(file);
    if (text === undefined) return undefined;
    const { head, idempotencyKey } = JSON.parse(text) as FirstFile;
    const journal = new TaskJournal(this.#root, head.taskId);
    let latest = await journal.latest();
    if (latest === undefined && !(await journal.isRemoved())) {
      // Its creator died, or is about to, before it could begin the journal.
      try {
        await journal.begin(file);
      } catch (error) {
        if (!hasCode(error, 'ENOENT')) throw error;
        await journal.discard(); // another call removed the task meanwhile; `begin` may have made its folder again
        return undefined;
      }
      latest = await journal.latest();
    }
    return latest && { journal, latest, idempotencyKey };
  }

  #file(taskId: string): string {
    return path.join(this.#folder, `${fileName(taskId)}.json`);
  }
}

/** The bytes that tasks have stored. */
export function sumOfBytes(tasks: readonly OwnedTask[]): number {
  return tasks.reduce((bytes, { latest }) => bytes + latest.head.entryBytes, 0);
}
