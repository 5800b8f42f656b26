import { TaskError } from '@mcp-tasks/store';
import { ChangeWatch } from './change-watch.ts';
import { type DatabaseFile, databaseFile } from './database-file.ts';
import { openFile } from './driver.ts';
import { migrate } from './migrate.ts';
import { MIGRATIONS } from './migrations/index.ts';
import type { ResolvedOptions } from './options.ts';
import { SqliteSession } from './sqlite-session.ts';
import { type Patience, whileLocked } from './while-locked.ts';
import { WriteQueue } from './write-queue.ts';

/** Parts of an open store. */
export interface OpenDatabase {
  readonly session: SqliteSession;
  readonly queue: WriteQueue;
  readonly watch: ChangeWatch;
  /** Absent for a database in memory. */
  readonly file?: DatabaseFile | undefined;
  /** Close the connection if it was opened here. */
  release(): void;
}

/**
 * Open the file, or take the connection, set it up, and bring the tables up to date.
 *
 * @throws {TaskError} STORE_UNAVAILABLE, STORE_INCOMPATIBLE - as `SqliteTaskStore.open`; the message names the file.
 */
export async function openDatabase(options: ResolvedOptions, patience: Patience): Promise<OpenDatabase> {
  const { source } = options;
  if (typeof source !== 'string') return useConnection(new SqliteSession(source), options, patience);
  try {
    return await useFile(source, options, patience);
  } catch (error) {
    if (!TaskError.is(error)) throw error;
    const { code, message, retryable, cause } = error;
    throw new TaskError(code, `${message} The database is "${source}".`, { retryable, cause });
  }
}

async function useFile(path: string, options: ResolvedOptions, patience: Patience): Promise<OpenDatabase> {
  const session = new SqliteSession(openFile(path));
  const release = () => {
    session.close();
  };
  try {
    return { ...(await useConnection(session, options, patience)), release };
  } catch (error) {
    release();
    throw error;
  }
}

async function useConnection(
  session: SqliteSession,
  { source, synchronous, watchIntervalMs }: ResolvedOptions,
  patience: Patience,
): Promise<OpenDatabase> {
  const file = databaseFile(session, source);
  // Each step may meet the lock of a process that does the same. The driver is not to sleep for a lock, which would stop
  // the event loop: `whileLocked` does the waiting.
  const steps = [
    'PRAGMA busy_timeout = 0',
    'PRAGMA journal_mode = WAL',
    `PRAGMA synchronous = ${synchronous}`,
    // What a flush means to macOS; nothing elsewhere.
    'PRAGMA fullfsync = ON',
  ];
  for (const step of steps) {
    await whileLocked(() => {
      session.script(step);
    }, patience);
  }
  await whileLocked(() => {
    migrate(session, MIGRATIONS);
  }, patience);
  session.opened();
  file?.requireUnmoved();
  return {
    session,
    file,
    queue: new WriteQueue(session, patience, file),
    watch: new ChangeWatch(session, watchIntervalMs),
    release: () => undefined,
  };
}
