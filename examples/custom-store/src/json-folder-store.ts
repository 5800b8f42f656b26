import path from 'node:path';
import {
  type ClaimOutcome,
  type ClaimTasks,
  type CreateTask,
  type CreateTaskOutcome,
  type DueTasks,
  type ListTasks,
  PORT_VERSION,
  TaskError,
  type TaskHead,
  type TaskLease,
  type TaskPage,
  type TaskRecord,
  type TaskStore,
  type UpdateTask,
  type UpdateTaskOutcome,
} from '@mcp-tasks/store';
import { claimTasks } from './claim-tasks.ts';
import { createTask } from './create-task.ts';
import { makeFolder, namesIn } from './durable-files.ts';
import { type OwnedTask, OwnerFolder, sumOfBytes } from './owner-folder.ts';
import { nextEntry, TaskJournal } from './task-journal.ts';
import {
  hasDueTime,
  isActive,
  isDue,
  isLive,
  longestDueFirst,
  longestExpiredFirst,
  newestFirst,
} from './task-order.ts';

type Input<Method extends 'get' | 'findJoinable' | 'renew' | 'deleteExpired'> = Parameters<TaskStore[Method]>[0];

/**
 * Keep tasks in a folder of JSON files, which several processes of one machine may share.
 *
 * Each write is one file, written aside, synced, and linked under its name; the name carries the number of the write, and
 * a name can be taken once, so that of two racing writers one wins. What was acknowledged survives `kill -9`, and a power
 * failure as far as the disk keeps its word.
 *
 * A store to read and to copy from: most methods look at every task of the owner or of the folder.
 */
export class JsonFolderStore implements TaskStore {
  readonly portVersion = PORT_VERSION;
  readonly #root: string;
  #isClosed = false;

  constructor(options: { readonly folder: string }) {
    this.#root = path.resolve(options.folder);
  }

  async open(): Promise<void> {
    await this.#call(() => makeFolder(path.join(this.#root, 'tasks')));
  }

  async create(input: CreateTask): Promise<CreateTaskOutcome> {
    const folder = new OwnerFolder(this.#root, input.head.owner);
    return this.#call(() => folder.locked(() => createTask(this.#root, folder, input)));
  }

  async get({ taskIds, owner, kinds, nowMs }: Input<'get'>): Promise<readonly TaskRecord[]> {
    return this.#call(async () => {
      const records: TaskRecord[] = [];
      for (const taskId of new Set(taskIds)) {
        const journal = new TaskJournal(this.#root, taskId);
        const latest = await journal.latest();
        if (latest === undefined || !isLive(latest.head, nowMs)) continue;
        if (owner !== undefined && latest.head.owner !== owner) continue;
        records.push(await journal.record(latest, kinds));
      }
      return records;
    });
  }

  async update(input: UpdateTask): Promise<UpdateTaskOutcome> {
    return this.#call(async () => {
      const head = (await new TaskJournal(this.#root, input.taskId).latest())?.head;
      if (head === undefined) return { status: 'not-found' };
      if (input.maxStoredBytes === undefined) return this.#update(input);
      // The sum of the owner's bytes must not grow while it is looked at.
      return new OwnerFolder(this.#root, head.owner).locked(() => this.#update(input));
    });
  }

  async findJoinable({ owner, joinKey, nowMs }: Input<'findJoinable'>): Promise<TaskHead | undefined> {
    const heads = await this.#call(() => this.#liveHeads(owner, nowMs));
    return heads.find((head) => head.joinKey === joinKey && head.joinState !== undefined);
  }

  async list({ owner, after, limit, nowMs }: ListTasks): Promise<TaskPage> {
    const heads = await this.#call(() => this.#liveHeads(owner, nowMs));
    const rest = heads.filter((head) => after === undefined || newestFirst(head, after) > 0);
    return { heads: rest.slice(0, limit), hasMore: rest.length > limit };
  }

  async due({ handlers, queues, after, limit, nowMs }: DueTasks): Promise<readonly TaskHead[]> {
    const heads = (await this.#call(() => this.#everyTask())).map(({ latest }) => latest.head);
    const timed = heads.filter((head) => isLive(head, nowMs) && hasDueTime(head, handlers, queues));
    const due = timed.filter((head) => isDue(head, nowMs) && (after === undefined || longestDueFirst(head, after) > 0));
    return due.sort(longestDueFirst).slice(0, limit);
  }

  async claim(claim: ClaimTasks): Promise<ClaimOutcome> {
    return this.#call(async () => claimTasks(await this.#everyTask(), claim));
  }

  async renew({ leases, leaseMs, nowMs }: Input<'renew'>): Promise<readonly TaskHead[]> {
    return this.#call(async () => {
      const heads = await Promise.all(leases.map((lease) => this.#renew(lease, leaseMs, nowMs)));
      return heads.filter((head) => head !== undefined);
    });
  }

  async deleteExpired({ nowMs, limit }: Input<'deleteExpired'>): Promise<readonly TaskHead[]> {
    return this.#call(async () => {
      const removed: TaskHead[] = [];
      for (const task of longestExpiredFirst(await this.#everyTask(), nowMs)) {
        if (removed.length >= limit) break;
        const { head } = task.latest;
        if (await new OwnerFolder(this.#root, head.owner).remove(task)) removed.push(head);
      }
      return removed;
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  async #update({ taskId, expected, writeId, patch, maxStoredBytes, nowMs }: UpdateTask): Promise<UpdateTaskOutcome> {
    const journal = new TaskJournal(this.#root, taskId);
    for (;;) {
      const latest = await journal.latest();
      if (latest === undefined || !isLive(latest.head, nowMs)) return { status: 'not-found' };
      const { head } = latest;
      if (head.writeId === writeId) return { status: 'updated', head };
      if (head.version !== expected.version || head.writeId !== expected.writeId) return { status: 'conflict', head };
      const next = nextEntry(latest, patch, writeId);
      const growth = next.head.entryBytes - head.entryBytes;
      if (maxStoredBytes !== undefined && growth > 0) {
        const tasks = await new OwnerFolder(this.#root, head.owner).tasks();
        if (sumOfBytes(tasks) + growth > maxStoredBytes) return { status: 'over-quota', head };
      }
      if (await journal.append(next)) return { status: 'updated', head: next.head };
      // Another write came first; where it was a renewal, this one still holds.
    }
  }

  async #renew({ taskId, attempt, holder }: TaskLease, leaseMs: number, nowMs: number): Promise<TaskHead | undefined> {
    const journal = new TaskJournal(this.#root, taskId);
    for (;;) {
      const latest = await journal.latest();
      if (latest === undefined || !isActive(latest.head) || !isLive(latest.head, nowMs)) return undefined;
      if (latest.head.attempt !== attempt || latest.head.holder !== holder) return undefined;
      // One more file in the journal, but no new version.
      const head = { ...latest.head, dueAtMs: nowMs + leaseMs };
      if (await journal.append({ ...latest, number: latest.number + 1, head, put: [], delete: [] })) return head;
    }
  }

  /** The live tasks of an owner, newest first. */
  async #liveHeads(owner: string, nowMs: number): Promise<readonly TaskHead[]> {
    const tasks = await new OwnerFolder(this.#root, owner).tasks();
    const heads = tasks.map(({ latest }) => latest.head).filter((head) => isLive(head, nowMs));
    return heads.sort(newestFirst);
  }

  async #everyTask(): Promise<readonly OwnedTask[]> {
    const names = await namesIn(path.join(this.#root, 'tasks'));
    const tasks = await Promise.all(
      names.map(async (name): Promise<OwnedTask | undefined> => {
        const journal = TaskJournal.named(this.#root, name);
        const latest = await journal.latest();
        if (latest !== undefined) return { journal, latest };
        // The process that removed it died before its folder was gone.
        if (await journal.isRemoved()) await journal.discard();
        return undefined;
      }),
    );
    return tasks.filter((task) => task !== undefined);
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
        { cause: error },
      );
    }
  }
}
