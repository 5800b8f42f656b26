import { createHash, randomUUID } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import {
  applyHeadPatch,
  type TaskEntry,
  type TaskEntryKey,
  TaskError,
  type TaskHead,
  type TaskPatch,
} from '@mcp-tasks/store';
import { hasCode, linkNew, makeFolder, namesIn, readIfThere, replace, writeNew } from './durable-files.ts';

/** One write of a task: the head after it, and what it changed. */
export interface JournalEntry {
  readonly head: TaskHead;
  /** Version of the write that last set `dueAtMs`; a renewal counts only for that one. */
  readonly dueSetAtVersion: number;
  readonly put: readonly TaskEntry[];
  readonly delete: readonly TaskEntryKey[];
}

/** A file name of any text: short, and no two texts share one. */
export const fileName = (text: string): string => createHash('sha256').update(text).digest('base64url');

/** The last write of a task: from now on there is none. */
const REMOVED = '{}';

const versionName = (version: number): string => `${version.toFixed(0).padStart(16, '0')}.json`;
const leaseName = (dueSetAtVersion: number): string => `lease-${dueSetAtVersion.toFixed(0)}.json`;

/**
 * The journal of one task: a folder with a file per write, named by its version.
 *
 * The writer that makes the file of the next version has won the compare-and-set. A write costs its head and its patch; reading
 * entries folds all writes together.
 */
export class TaskJournal {
  readonly #folder: string;
  readonly #taskId: string;

  constructor(root: string, taskId: string, name = fileName(taskId)) {
    this.#folder = path.join(root, 'tasks', name);
    this.#taskId = taskId;
  }

  /** The journal in the folder of this name. */
  static named(root: string, name: string): TaskJournal {
    return new TaskJournal(root, name, name);
  }

  /** The latest write, with the latest renewal; undefined when there is no such task. */
  async latest(): Promise<JournalEntry | undefined> {
    const entry = await this.#last();
    if (entry === undefined || !('head' in entry)) return undefined;
    const renewed = await readIfThere(path.join(this.#folder, leaseName(entry.dueSetAtVersion)));
    if (renewed === undefined) return entry;
    return {
      ...entry,
      head: { ...entry.head, dueAtMs: (this.#parse(renewed) as { readonly dueAtMs: number }).dueAtMs },
    };
  }

  /** All entries as of a version. */
  async entries(upToVersion: number): Promise<readonly TaskEntry[]> {
    const entries = new Map<string, TaskEntry>();
    const key = ({ kind, name }: TaskEntryKey) => `${kind} ${name}`;
    for (const name of await this.#versions()) {
      if (name > versionName(upToVersion)) break;
      const write = await this.#read(name);
      for (const gone of write?.delete ?? []) entries.delete(key(gone));
      for (const entry of write?.put ?? []) entries.set(key(entry), entry);
    }
    return [...entries.values()];
  }

  /** Begin the journal with a file that exists: the owner's claim. */
  async begin(claim: string): Promise<void> {
    await makeFolder(this.#folder);
    await linkNew(claim, path.join(this.#folder, versionName(1)));
  }

  /** Write on. @returns the head after the write; undefined = another write came first, or the task was removed. */
  async append({ head, dueSetAtVersion }: JournalEntry, patch: TaskPatch): Promise<TaskHead | undefined> {
    const next = applyHeadPatch(head, patch.head);
    const entry: JournalEntry = {
      head: next,
      dueSetAtVersion: patch.head.dueAtMs === undefined ? dueSetAtVersion : next.version,
      put: patch.put ?? [],
      delete: patch.delete ?? [],
    };
    try {
      return (await writeNew(path.join(this.#folder, versionName(next.version)), JSON.stringify(entry)))
        ? next
        : undefined;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw error;
    }
  }

  /** Move the end of the lease without a new version. */
  async renew({ head, dueSetAtVersion }: JournalEntry, dueAtMs: number): Promise<TaskHead> {
    await replace(path.join(this.#folder, leaseName(dueSetAtVersion)), JSON.stringify({ dueAtMs }));
    return { ...head, dueAtMs };
  }

  /** Remove the task as it is known, as the write after its latest one. @returns false = another write came first. */
  async remove({ head }: JournalEntry): Promise<boolean> {
    try {
      if (!(await writeNew(path.join(this.#folder, versionName(head.version + 1)), REMOVED))) return false;
      await this.discard();
      return true;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return false;
      throw error;
    }
  }

  /** Tell whether the task was removed, and only its folder is left. */
  async isRemoved(): Promise<boolean> {
    const last = await this.#last();
    return last !== undefined && !('head' in last);
  }

  /** Remove the folder of a removed task; nothing happens when another process does. */
  async discard(): Promise<void> {
    const gone = path.join(path.dirname(this.#folder), `.${randomUUID()}`);
    try {
      await rename(this.#folder, gone);
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
    }
    await rm(gone, { recursive: true, force: true });
  }

  async #last(): Promise<JournalEntry | object | undefined> {
    const name = (await this.#versions()).at(-1);
    return name === undefined ? undefined : this.#read(name);
  }

  async #versions(): Promise<readonly string[]> {
    return (await namesIn(this.#folder)).filter((name) => !name.startsWith('lease-'));
  }

  async #read(name: string): Promise<JournalEntry | undefined> {
    const text = await readIfThere(path.join(this.#folder, name));
    return text === undefined ? undefined : (this.#parse(text) as JournalEntry);
  }

  #parse(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch (cause) {
      const taskId = this.#taskId;
      throw new TaskError('STORE_CORRUPT_RECORD', `The record of task ${taskId} cannot be read.`, {
        details: { taskId },
        cause,
      });
    }
  }
}
