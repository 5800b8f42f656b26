import path from 'node:path';
import {
  type CreateTask,
  type CreateTaskOutcome,
  type ListPosition,
  type ListTasks,
  TaskError,
  type TaskHead,
  type TaskLease,
  type TaskPage,
  type TaskRecord,
  type TaskStore,
  type UpdateTask,
  type UpdateTaskOutcome,
} from '@mcp-tasks/store';
import { isTerminalStatus } from '@mcp-tasks/wire';
import { makeFolder, namesIn } from './durable-files.ts';
import { type OwnedTask, OwnerClaims } from './owner-claims.ts';
import { type JournalEntry, TaskJournal } from './task-journal.ts';

const isLive = (head: TaskHead, nowMs: number): boolean => nowMs < head.expiresAtMs;
const isActive = (head: TaskHead): boolean => !isTerminalStatus(head.status);

/** Newest first: the order of {@link TaskPage}. */
const newestFirst = (a: ListPosition, b: ListPosition): number =>
  b.createdAtMs - a.createdAtMs || (a.taskId < b.taskId ? 1 : a.taskId > b.taskId ? -1 : 0);

/**
 * Keep tasks in a folder of JSON files, which several processes of one machine may share.
 *
 * Each write is one file, written aside, synced, and linked under its name; the name carries the version, and a name can
 * be taken once, so that of two racing writers one wins. What was acknowledged survives `kill -9`, and a power failure as
 * far as the disk keeps its word.
 *
 * A store to read and to copy from: `list`, `due` and `deleteExpired` look at every task of the owner or of the folder.
 */
export class JsonFolderStore implements TaskStore {
  readonly #root: string;
  readonly #lastCreates = new Map<string, Promise<void>>();
  #isClosed = false;

  constructor(options: { readonly folder: string }) {
    this.#root = path.resolve(options.folder);
  }

  async open(): Promise<void> {
    await this.#call(() => makeFolder(path.join(this.#root, 'tasks')));
  }

  async create(input: CreateTask): Promise<CreateTaskOutcome> {
    return this.#afterCreatesOf(input.head.owner, () =>
      this.#call(async () => {
        for (;;) {
          const outcome = await this.#tryToCreate(input);
          if (outcome !== 'lost-race') return outcome;
        }
      }),
    );
  }

  async get({ taskIds, kinds, nowMs }: Parameters<TaskStore['get']>[0]): Promise<readonly TaskRecord[]> {
    return this.#call(async () => {
      const records: TaskRecord[] = [];
      for (const taskId of new Set(taskIds)) {
        const journal = new TaskJournal(this.#root, taskId);
        const latest = await journal.latest();
        if (latest === undefined || !isLive(latest.head, nowMs)) continue;
        const { head } = latest;
        const entries = kinds.length === 0 ? [] : await journal.entries(head.version);
        records.push({ head, entries: entries.filter(({ kind }) => kinds.includes(kind)) });
      }
      return records;
    });
  }

  async update({ taskId, expectedVersion, patch, nowMs }: UpdateTask): Promise<UpdateTaskOutcome> {
    return this.#call(async () => {
      const journal = new TaskJournal(this.#root, taskId);
      const latest = await journal.latest();
      if (latest === undefined || !isLive(latest.head, nowMs)) return { status: 'not-found' };
      if (latest.head.version === expectedVersion) {
        const head = await journal.append(latest, patch);
        if (head !== undefined) return { status: 'updated', head };
      }
      const present = latest.head.version === expectedVersion ? await journal.latest() : latest;
      if (present === undefined || !isLive(present.head, nowMs)) return { status: 'not-found' };
      return { status: 'conflict', head: present.head };
    });
  }

  async list({ owner, after, limit, nowMs }: ListTasks): Promise<TaskPage> {
    return this.#call(async () => {
      const { tasks } = await new OwnerClaims(this.#root, owner).all();
      const places = tasks.map(({ head }) => head).sort(newestFirst);
      const heads: TaskHead[] = [];
      for (const place of places) {
        if (heads.length > limit) break;
        if (after && newestFirst(place, after) <= 0) continue;
        const latest = await new TaskJournal(this.#root, place.taskId).latest();
        if (latest !== undefined && isLive(latest.head, nowMs)) heads.push(latest.head);
      }
      return { heads: heads.slice(0, limit), hasMore: heads.length > limit };
    });
  }

  async due({ handlers, limit, nowMs }: Parameters<TaskStore['due']>[0]): Promise<readonly TaskHead[]> {
    return this.#call(async () => {
      const heads = (await this.#everyTask()).map(({ latest }) => latest.head);
      const isDue = (head: TaskHead) =>
        isLive(head, nowMs) && isActive(head) && head.dueAtMs !== null && head.dueAtMs <= nowMs;
      const due = heads.filter((head) => handlers.includes(head.handler) && isDue(head));
      return due.sort((a, b) => (a.dueAtMs ?? 0) - (b.dueAtMs ?? 0)).slice(0, limit);
    });
  }

  async renew({ leases, dueAtMs, nowMs }: Parameters<TaskStore['renew']>[0]): Promise<readonly TaskHead[]> {
    const isHeld = ({ attempt, holder }: TaskLease, head: TaskHead) =>
      head.attempt === attempt && head.holder === holder && isActive(head) && isLive(head, nowMs);
    return this.#call(async () => {
      const held: TaskHead[] = [];
      for (const lease of leases) {
        const journal = new TaskJournal(this.#root, lease.taskId);
        const latest = await journal.latest();
        if (latest !== undefined && isHeld(lease, latest.head)) held.push(await journal.renew(latest, dueAtMs));
      }
      return held;
    });
  }

  async deleteExpired({ nowMs, limit }: { readonly nowMs: number; readonly limit: number }): Promise<number> {
    return this.#call(async () => {
      let removed = 0;
      for (const { journal, latest } of await this.#everyTask()) {
        if (removed >= limit) break;
        if (isLive(latest.head, nowMs)) continue;
        if (!(await journal.remove(latest))) continue;
        await new OwnerClaims(this.#root, latest.head.owner).forget(latest.head.taskId);
        removed += 1;
      }
      return removed;
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  /** Let the creates of one owner in this process come one after the other: they would only lose races to each other. */
  async #afterCreatesOf<Value>(owner: string, create: () => Promise<Value>): Promise<Value> {
    const mine = (this.#lastCreates.get(owner) ?? Promise.resolve()).then(create);
    const settled = mine.then(
      () => undefined,
      () => undefined, // its caller is told
    );
    this.#lastCreates.set(owner, settled);
    try {
      return await mine;
    } finally {
      if (this.#lastCreates.get(owner) === settled) this.#lastCreates.delete(owner);
    }
  }

  async #tryToCreate(input: CreateTask): Promise<CreateTaskOutcome | 'lost-race'> {
    const { head, idempotencyKey, limits, nowMs } = input;
    const claims = new OwnerClaims(this.#root, head.owner);
    const { tasks, latestNumber } = await claims.all();
    const presentOf = async (task: OwnedTask): Promise<TaskHead | undefined> => {
      const latest = await (await claims.journal(task, nowMs)).latest();
      return latest !== undefined && isLive(latest.head, nowMs) ? latest.head : undefined;
    };
    for (const task of tasks) {
      const isSameKey = idempotencyKey !== undefined && task.idempotencyKey === idempotencyKey;
      if (!isSameKey && task.head.taskId !== head.taskId) continue;
      const present = await presentOf(task);
      if (present !== undefined) return { status: 'existing', head: present };
    }
    // Only as many claims as a limit can mean that it is reached.
    if (tasks.length >= Math.min(limits.maxActiveTasks, limits.maxStoredTasks)) {
      const present = (await Promise.all(tasks.map(presentOf))).filter((known) => known !== undefined);
      if (present.filter(isActive).length >= limits.maxActiveTasks)
        return { status: 'over-quota', limit: 'maxActiveTasks' };
      if (present.length >= limits.maxStoredTasks) return { status: 'over-quota', limit: 'maxStoredTasks' };
    }
    return this.#claim(claims, latestNumber + 1, input);
  }

  async #claim(claims: OwnerClaims, number: number, input: CreateTask): Promise<CreateTaskOutcome | 'lost-race'> {
    const { head, nowMs } = input;
    const journal = new TaskJournal(this.#root, head.taskId);
    const other = await journal.latest();
    if (other !== undefined && isLive(other.head, nowMs)) return { status: 'existing', head: other.head };
    if (other !== undefined) await journal.remove(other); // expired: its id is free
    return (await claims.add(number, input)) ? { status: 'created', head } : 'lost-race';
  }

  async #everyTask(): Promise<{ readonly journal: TaskJournal; readonly latest: JournalEntry }[]> {
    const found: { journal: TaskJournal; latest: JournalEntry }[] = [];
    for (const name of await namesIn(path.join(this.#root, 'tasks'))) {
      const journal = TaskJournal.named(this.#root, name);
      const latest = await journal.latest();
      if (latest !== undefined) found.push({ journal, latest });
      // The process that removed it died before its folder was gone.
      else if (await journal.isRemoved()) await journal.discard();
    }
    return found;
  }

  /** Run one call: nothing after `close`, and errors of the file system as the port wants them. */
  async #call<Value>(work: () => Promise<Value>): Promise<Value> {
    if (this.#isClosed) throw new TaskError('STORE_CLOSED', 'The store is closed: make a new one.');
    try {
      return await work();
    } catch (error) {
      if (TaskError.is(error)) throw error;
      throw new TaskError(
        'STORE_UNAVAILABLE',
        `The folder of the tasks cannot be used: check that ${this.#root} is a folder, may be written, and has room.`,
        {
          cause: error,
        },
      );
    }
  }
}
