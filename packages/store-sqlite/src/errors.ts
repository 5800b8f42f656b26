import { TaskError, type TaskErrorCode } from '@mcp-tasks/store';

/** How a result code of SQLite is reported: what happened and what to do, without the driver's words. */
interface Report {
  readonly code: TaskErrorCode;
  readonly message: string;
  /**
   * Whether the same call may succeed later: never, always, or once the store was open, so that it could do it before.
   */
  readonly retryable: boolean | 'once-open';
}

const unavailable = (message: string, retryable: Report['retryable'] = false): Report => ({
  code: 'STORE_UNAVAILABLE',
  message,
  retryable,
});

const LOCKED = unavailable(
  'The database stayed locked: look for a process that keeps a transaction open, or raise `lockTimeoutMs`. Nothing was written.',
  true,
);
const READ_ONLY = unavailable(
  'The database cannot be written: let this process write to the file and to its directory. Nothing was written.',
  'once-open',
);
const CANNOT_OPEN = unavailable(
  'The database file cannot be opened: make its directory, and let this process write there.',
  'once-open',
);
const INTERRUPTED = unavailable(
  'A call of the store was interrupted by somebody else who uses its connection. Nothing was written.',
  true,
);
const IN_TRANSACTION = unavailable(
  'The connection is used by somebody else, who has a transaction open: give the store a connection of its own. Nothing was written.',
  'once-open',
);
const OTHER = unavailable(
  'SQLite refused a call of the store: is its connection closed, or used by somebody else? Nothing was written.',
);

/** Primary result codes by number and name. @see https://www.sqlite.org/rescode.html */
const REPORTS: readonly (readonly [number, string, Report])[] = [
  [3, 'SQLITE_PERM', READ_ONLY],
  [4, 'SQLITE_ABORT', INTERRUPTED],
  [5, 'SQLITE_BUSY', LOCKED],
  [6, 'SQLITE_LOCKED', LOCKED],
  [7, 'SQLITE_NOMEM', unavailable('SQLite has no memory left. Nothing was written.', true)],
  [8, 'SQLITE_READONLY', READ_ONLY],
  [9, 'SQLITE_INTERRUPT', INTERRUPTED],
  [
    10,
    'SQLITE_IOERR',
    unavailable('The database file could not be read or written: look at its disk. Nothing was acknowledged.', true),
  ],
  [
    11,
    'SQLITE_CORRUPT',
    unavailable(
      'The database file is damaged: stop every process that uses it, then restore a backup or run `.recover` of the sqlite3 shell.',
    ),
  ],
  [
    13,
    'SQLITE_FULL',
    unavailable('The disk is full, or the database has its `max_page_count`: make room. Nothing was written.', true),
  ],
  [14, 'SQLITE_CANTOPEN', CANNOT_OPEN],
  // The locking protocol of WAL lost a race too often.
  [15, 'SQLITE_PROTOCOL', LOCKED],
  [
    26,
    'SQLITE_NOTADB',
    {
      code: 'STORE_INCOMPATIBLE',
      message: 'The file is not a SQLite database: name another path, or move the file away.',
      retryable: false,
    },
  ],
];

/** The report of a driver's error: better-sqlite3 names (extended) codes, `node:sqlite` numbers them. */
function reportOf(error: unknown, otherwise: Report): Report {
  if (typeof error !== 'object' || error === null) return otherwise;
  const { code, errcode, message } = error as Readonly<Record<'code' | 'errcode' | 'message', unknown>>;
  if (String(message).includes('transaction within a transaction')) return IN_TRANSACTION;
  const name = typeof code === 'string' ? /^SQLITE_[A-Z]+/.exec(code)?.[0] : undefined;
  const number = typeof errcode === 'number' ? errcode & 0xff : undefined;
  const row = REPORTS.find((candidate) => candidate[0] === number || candidate[1] === name);
  return row?.[2] ?? otherwise;
}

/**
 * Translate an error of the driver, which stays the cause.
 *
 * @param isOpen - the store was opened on this connection: what hinders it now may pass.
 */
export function storeError(error: unknown, isOpen: boolean): TaskError {
  return reported(reportOf(error, OTHER), error, isOpen);
}

/** Translate the error of a connection that cannot be made: drivers have errors of their own for that. */
export function cannotOpen(error: unknown): TaskError {
  return reported(reportOf(error, CANNOT_OPEN), error, false);
}

function reported({ code, message, retryable }: Report, cause: unknown, isOpen: boolean): TaskError {
  return new TaskError(code, message, { retryable: retryable === 'once-open' ? isOpen : retryable, cause });
}

/** Tell whether a call failed only for the lock of another connection, so that it is worth another try. */
export function isLocked(error: unknown): boolean {
  return TaskError.is(error) && reportOf(error.cause, OTHER) === LOCKED;
}

/** Tell whether SQLite found nothing wrong with file or disk, only with the statement: it does not fit the tables. */
export function isRefused(error: unknown): boolean {
  return TaskError.is(error, OTHER.code) && reportOf(error.cause, OTHER) === OTHER;
}

/** The path of the open file leads elsewhere: what is written now is found by no process that opens it later. */
export function fileMoved(path: string, how: 'removed' | 'replaced by another one'): TaskError {
  return new TaskError(
    'STORE_UNAVAILABLE',
    `The database file "${path}" was ${how} while the store had it open: stop every process that uses it, put the file back, and start them again. Nothing was acknowledged.`,
  );
}

/** A call after close. */
export function storeClosed(): TaskError {
  return new TaskError('STORE_CLOSED', 'The store is closed. Nothing was written.');
}

/** A call before open. */
export function notOpened(): TaskError {
  return new TaskError('STORE_UNAVAILABLE', 'The store is not open: call open() and wait for it first.');
}

/** A database that this version of the package cannot use. */
export function incompatible(message: string, cause?: unknown): TaskError {
  return new TaskError('STORE_INCOMPATIBLE', message, { cause });
}
