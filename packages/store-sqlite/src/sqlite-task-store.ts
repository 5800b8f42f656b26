import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type ClaimOutcome,
  type ClaimTasks,
  type CreateTask,
  type CreateTaskOutcome,
  type DueTasks,
  hintOf,
  type ListTasks,
  PORT_VERSION,
  type TaskEntry,
  type TaskHead,
  type TaskHint,
  type TaskPage,
  type TaskRecord,
  type TaskStore,
  type UpdateTask,
  type UpdateTaskOutcome,
} from '@mcp-tasks/store';
import { claimTasks } from './claim-tasks.ts';
import { type OpenDatabase, openDatabase } from './connection.ts';
import { notOpened, storeClosed } from './errors.ts';
import type { ResolvedOptions } from './options.ts';
import type { SqliteSession } from './sqlite-session.ts';
import { dueTasks, findJoinable, getRecords, listTasks } from './task-reads.ts';
import { createTask, deleteExpired, renewLeases, updateTask } from './task-writes.ts';
import { type Patience, whileLocked } from './while-locked.ts';

type Input<Method extends 'get' | 'findJoinable' | 'renew' | 'deleteExpired'> = Parameters<TaskStore[Method]>[0];

/** The store that `sqliteStore` makes. */
export class SqliteTaskStore implements TaskStore {
  readonly portVersion = PORT_VERSION;
  readonly #options: ResolvedOptions;
  readonly #patience: Patience;
  #opening: Promise<OpenDatabase> | undefined;
  #opened: OpenDatabase | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: ResolvedOptions) {
    this.#options = options;
    this.#patience = {
      timeoutMs: options.lockTimeoutMs,
      giveUp: () => (this.#closing === undefined ? undefined : storeClosed()),
    };
  }

  /**
   * Open the database and bring its tables up to date. Safe to call twice, and again after a failure.
   *
   * @throws {TaskError} STORE_UNAVAILABLE - there is no driver, or the file cannot be opened or written;
   *   STORE_INCOMPATIBLE - it is not a database, or its tables are not ours or too new; STORE_CLOSED - after `close`.
   */
  async open(): Promise<void> {
    if (this.#closing !== undefined) throw storeClosed();
    this.#opening ??= openDatabase(this.#options, this.#patience);
    try {
      this.#opened = await this.#opening;
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
  }

  async create(input: CreateTask): Promise<CreateTaskOutcome> {
    const outcome = await this.#write((session) => createTask(session, input), input.entries);
    if (outcome.status === 'created') this.#tell(outcome.head);
    return outcome;
  }

  async get(input: Input<'get'>): Promise<readonly TaskRecord[]> {
    return this.#read((session) => getRecords(session, input));
  }

  async update(input: UpdateTask): Promise<UpdateTaskOutcome> {
    const outcome = await this.#write((session) => updateTask(session, input), input.patch.put);
    if (outcome.status === 'updated') this.#tell(outcome.head);
    return outcome;
  }

  async findJoinable(input: Input<'findJoinable'>): Promise<TaskHead | undefined> {
    return this.#read((session) => findJoinable(session, input));
  }

  async list(input: ListTasks): Promise<TaskPage> {
    return this.#read((session) => listTasks(session, input));
  }

  async due(input: DueTasks): Promise<readonly TaskHead[]> {
    return this.#read((session) => dueTasks(session, input));
  }

  async claim(input: ClaimTasks): Promise<ClaimOutcome> {
    const outcome = await this.#write((session) => claimTasks(session, input));
    for (const { head } of outcome.records) this.#tell(head);
    return outcome;
  }

  async renew(input: Input<'renew'>): Promise<readonly TaskHead[]> {
    return this.#write((session) => renewLeases(session, input));
  }

  async deleteExpired(input: Input<'deleteExpired'>): Promise<readonly TaskHead[]> {
    return this.#write((session) => deleteExpired(session, input));
  }

  async watch(listener: (hint: TaskHint) => void): Promise<() => Promise<void>> {
    const stop = await this.#read(() => this.#database().watch.add(listener));
    return async () => {
      stop();
    };
  }

  /** End watching, finish the writes that were asked for, and close what `open` opened. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    // A failed opening has been reported by `open`, and left nothing to close.
    const opened = await this.#opening?.catch(() => undefined);
    if (opened === undefined) return;
    opened.watch.stop();
    await opened.queue.idle();
    opened.release();
  }

  async #read<Value>(read: (session: SqliteSession) => Value): Promise<Value> {
    this.#database();
    // A caller that reads in a loop leaves turns to the others of this process.
    await nextTurn();
    return whileLocked(() => {
      const { session, file } = this.#database();
      file?.requireUnmoved();
      return read(session);
    }, this.#patience);
  }

  async #write<Value>(write: (session: SqliteSession) => Value, put: readonly TaskEntry[] = []): Promise<Value> {
    const { queue, session } = this.#database();
    const bytes = put.reduce((sum, { value }) => sum + value.length, 0);
    return queue.add(() => write(session), bytes);
  }

  #database(): OpenDatabase {
    if (this.#closing !== undefined) throw storeClosed();
    if (this.#opened === undefined) throw notOpened();
    return this.#opened;
  }

  #tell(head: TaskHead): void {
    this.#opened?.watch.tell(hintOf(head));
  }
}
