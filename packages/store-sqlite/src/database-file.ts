import { type BigIntStats, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { TaskError } from '@mcp-tasks/store';
import { fileMoved } from './errors.ts';
import type { SqliteSession } from './sqlite-session.ts';

/** A look costs some microseconds: a read that follows another within this time relies on the look of the other. */
const LOOK_INTERVAL_MS = 100;

/**
 * The file of an open database.
 *
 * SQLite goes on with the file that it opened, also when its path leads to another file, or to none: the writes of this
 * process are then found by no other. So the store compares device and inode of both.
 */
export class DatabaseFile {
  readonly #path: string;
  readonly #opened: BigIntStats | undefined;
  #lookAtMs = 0;

  /** @param path - of a database that was opened this moment. */
  constructor(path: string) {
    this.#path = path;
    this.#opened = statOf(path);
  }

  /** Look whether the path leads elsewhere. @returns the error that tells so; undefined when all is well. */
  findMove(): TaskError | undefined {
    if (this.#opened === undefined) return undefined;
    const present = statOf(this.#path);
    if (present !== undefined && isSameFile(present, this.#opened)) {
      this.#lookAtMs = performance.now() + LOOK_INTERVAL_MS;
      return undefined;
    }
    this.#lookAtMs = 0;
    return fileMoved(this.#path, present === undefined ? 'removed' : 'replaced by another one');
  }

  /**
   * Look, unless the store did a moment ago.
   *
   * @throws {TaskError} STORE_UNAVAILABLE - the file was removed or replaced.
   */
  requireUnmoved(): void {
    if (performance.now() < this.#lookAtMs) return;
    const moved = this.findMove();
    if (moved !== undefined) throw moved;
  }
}

/** Find the file of an open connection; a database in memory has none. */
export function databaseFile(session: SqliteSession, source: unknown): DatabaseFile | undefined {
  // SQLite has followed every link; the path that the caller gave may lead elsewhere later.
  const file = session.get('PRAGMA database_list')?.['file'];
  if (typeof file !== 'string' || file === '') return undefined;
  const given = typeof source === 'string' ? resolve(source) : file;
  return new DatabaseFile(statOf(given) === undefined ? file : given);
}

function statOf(path: string): BigIntStats | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false });
}

function isSameFile(one: BigIntStats, other: BigIntStats): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}
