import { TaskError } from '@mcp-tasks/store';

interface Trouble {
  readonly code: 'STORE_UNAVAILABLE' | 'STORE_INCOMPATIBLE';
  readonly message: string;
  readonly retryable: boolean;
}

const unavailable = (message: string, retryable = false): Trouble => ({
  code: 'STORE_UNAVAILABLE',
  message,
  retryable,
});

/** What a PostgreSQL error (SQLSTATE, or its class of two characters) or a socket error means for whoever runs the server. */
const TROUBLES: Readonly<Record<string, Trouble>> = {
  '28P01': unavailable('PostgreSQL refused the password: check user and password of the connection.'),
  '28000': unavailable('PostgreSQL refused the login: check user, password and pg_hba.conf.'),
  '3D000': unavailable('The PostgreSQL database does not exist: create it, or correct its name in the connection.'),
  '42501': unavailable(
    'The PostgreSQL user lacks a right: grant it CREATE on the database, or USAGE and all on the schema of the store.',
  ),
  '42P01': {
    code: 'STORE_INCOMPATIBLE',
    message: 'A table of the store is missing: drop its schema, or let open() make it.',
    retryable: false,
  },
  '42883': {
    code: 'STORE_INCOMPATIBLE',
    message: 'A function of the store is missing: drop its schema, or let open() make it.',
    retryable: false,
  },
  '53': unavailable('PostgreSQL is out of a resource (connections, memory or disk): see its log.', true),
  '57': unavailable('PostgreSQL is shutting down or ended the statement.', true),
  '08': unavailable('The connection to PostgreSQL broke.', true),
  '40': unavailable('PostgreSQL rolled the statement back.', true),
  ECONNREFUSED: unavailable('No PostgreSQL answers at this address: check host and port, and that it runs.', true),
  ENOTFOUND: unavailable('The host of the PostgreSQL connection is unknown: check its name.'),
};

/** Turn an error of the driver into a typed one; the driver's own text stays in `cause`. */
export function storeError(error: unknown): TaskError {
  if (TaskError.is(error)) return error;
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  const trouble =
    TROUBLES[code] ??
    TROUBLES[code.slice(0, 2)] ??
    unavailable('PostgreSQL did not answer as expected.', code === '' || /^E[A-Z]+$/.test(code));
  return new TaskError(trouble.code, trouble.message, { cause: error, retryable: trouble.retryable });
}

/** What a call of a closed store fails with. */
export function storeClosed(cause?: unknown): TaskError {
  return new TaskError('STORE_CLOSED', 'The PostgreSQL store is closed: make a new one.', { cause });
}
