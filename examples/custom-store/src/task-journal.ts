import { createHash, randomUUID } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import {
  applyHeadPatch,
  entryBytes,
  type TaskEntry,
  type TaskEntryKey,
  type TaskEntryKind,
  TaskError,
  type TaskHead,
  type TaskPatch,
  type TaskRecord,
} from '@mcp-tasks/store';
import { hasCode, linkNew, makeFolder, namesIn, readIfThere, writeNew } from './durable-files.ts';

/** One write of a task: the head after it, and what it changed. */
export interface JournalEntry {
  /** Number of the write in the journal, from 1. Renewals have one too, though they change no version. */
  readonly number: number;
  readonly head: TaskHead;
  /** Bytes of every entry after the write, by {@link keyOf}. */
  readonly sizes: Readonly<Record<string, number>>;
  /** The write id of the last claim of the task. */
  readonly claimId?: string | undefined;
  readonly put: readonly TaskEntry[];
  readonly delete: readonly TaskEntryKey[];
}

/** Make a file name of any text: short, and no two texts share one. */
export const fileName = (text: string): string => createHash('sha256').update(text).digest('base64url');

/** The last write of a task: from now on there is none. */
const REMOVED = '{}';

const numberName = (number: number): string => `${number.toFixed(0).padStart(16, '0')}.json`;
const keyOf = ({ kind, name }: TaskEntryKey): string => `${kind} ${name}`;

/** Make the first write of a task. */
export function firstEntry(head: TaskHead, entries: readonly TaskEntry[]): JournalEntry {
  const sizes = Object.fromEntries(entries.map((entry) => [keyOf(entry), entryBytes(entry)]));
  return { number: 1, head: { ...head, entryBytes: sumOf(sizes) }, sizes, put: entries, delete: [] };
}

/** Make the write that a patch adds to a journal. */
export function nextEntry(latest: JournalEntry, patch: TaskPatch, writeId: string): JournalEntry {
  const { put = [], delete: deleted = [] } = patch;
  const sizes = { ...latest.sizes, ...Object.fromEntries(put.map((entry) => [keyOf(entry), entryBytes(entry)])) };
  for (const key of deleted) sizes[keyOf(key)] = 0;
  const head = applyHeadPatch(latest.head, patch.head, { writeId, entryBytes: sumOf(sizes) });
  return { number: latest.number + 1, head, sizes, claimId: latest.claimId, put, delete: deleted };
}

function sumOf(sizes: Readonly<Record<string, number>>): number {
  return Object.values(sizes).reduce((sum, bytes) => sum + bytes, 0);
}

/**
 * The journal of one task: a folder with a file per write, named by its number.
 *
 * The writer that makes the file of the next number has won: every write is a compare-and-set, also a claim and a renewal.
 * A write costs its head and its patch; reading entries folds all writes together.
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

  /** Read the latest write; undefined when there is no such task. */
  async latest(): Promise<JournalEntry | undefined> {
    const last = await this.#last();
    return last !== undefined && 'head' in last ? last : undefined;
  }

  /** Read the record as of a write, with the entries of these kinds. */
  async record({ head, number }: JournalEntry, kinds: readonly TaskEntryKind[]): Promise<TaskRecord> {
    const entries = kinds.length === 0 ? [] : await this.#entries(number);
    return { head, entries: entries.filter(({ kind }) => kinds.includes(kind)) };
  }

  /** Begin the journal with a file that exists: the one in the owner's folder. @returns false = it has begun. */
  async begin(file: string): Promise<boolean> {
    await makeFolder(this.#folder);
    return linkNew(file, path.join(this.#folder, numberName(1)));
  }

  /** Write on. @returns false = another write came first, or the task was removed. */
  async append(next: JournalEntry): Promise<boolean> {
    return this.#write(next.number, JSON.stringify(next));
  }

  /** Remove the task as it is known, as the write after its latest one. @returns false = another write came first. */
  async remove({ number }: JournalEntry): Promise<boolean> {
    return this.#write(number + 1, REMOVED);
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

  async #entries(upToNumber: number): Promise<readonly TaskEntry[]> {
    const entries = new Map<string, TaskEntry>();
    for (const name of await namesIn(this.#folder)) {
      if (name > numberName(upToNumber)) break;
      const write = await this.#read(name);
      for (const gone of write?.delete ?? []) entries.delete(keyOf(gone));
      for (const entry of write?.put ?? []) entries.set(keyOf(entry), entry);
    }
    return [...entries.values()];
  }

  async #write(number: number, text: string): Promise<boolean> {
    try {
      return await writeNew(path.join(this.#folder, numberName(number)), text);
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return false; // the folder is gone
      throw error;
    }
  }

  async #last(): Promise<JournalEntry | object | undefined> {
    const name = (await namesIn(this.#folder)).at(-1);
    return name === undefined ? undefined : this.#read(name);
  }

  async #read(name: string): Promise<JournalEntry | undefined> {
    const text = await readIfThere(path.join(this.#folder, name));
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text) as JournalEntry;
    } catch (cause) {
      const taskId = this.#taskId;
      throw new TaskError('STORE_CORRUPT_RECORD', `The record of task ${taskId} cannot be read.`, {
        details: { taskId },
        cause,
      });
    }
  }
}
