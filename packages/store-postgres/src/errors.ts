import { TaskError } from '@mcp-tasks/store';

interface Trouble {
  readonly code: 'STORE_UNAVAILABLE' | 'STORE_INCOMPATIBLE';
  readonly message: string;
  /** True when the trouble may pass without a change while the store opens. */
  readonly retryable: boolean;
}

const unavailable = (message: string, retryable = false): Trouble => ({
  code: 'STORE_UNAVAILABLE',
  message,
  retryable,
});
const incompatible = (message: string): Trouble => ({ code: 'STORE_INCOMPATIBLE', message, retryable: false });

const BROKEN = unavailable('The connection to PostgreSQL broke, or no answer came in time.', true);
const EXHAUSTED = unavailable(
  'This machine can open no connection at present: it is out of files, ports or memory. Raise the limit of open files.',
  true,
);
const OUT_OF_RESOURCE = unavailable(
  'PostgreSQL is out of a resource (connections, memory or disk): see its log.',
  true,
);
const PASSWORD = unavailable('PostgreSQL refused the password: check user and password of the connection.');
const ADDRESS = unavailable('The PostgreSQL connection has no usable address: check connectionString, host and port.');
const CERTIFICATE = unavailable(
  'The certificate of the PostgreSQL server is not trusted: give its authority in `ssl.ca`, and connect by the name in the certificate.',
);
const FOREIGN_SCHEMA = incompatible(
  'The schema holds tables that this store did not make, or lacks some that it made: name another `schema`, or drop it.',
);

/**
 * Meaning of a SQLSTATE (or its class, the first two characters) or of a socket's code, for the operator of the server.
 */
const BY_CODE: Readonly<Record<string, Trouble>> = {
  '28P01': PASSWORD,
  '28000': unavailable('PostgreSQL refused the login: check user, password and pg_hba.conf.'),
  '3D000': unavailable('The PostgreSQL database does not exist: create it, or correct its name in the connection.'),
  '42501': unavailable(
    'The PostgreSQL user lacks a right: grant it CREATE on the database, or USAGE on the schema of the store and all on its tables.',
  ),
  '3F': FOREIGN_SCHEMA, // no such schema
  '42P01': FOREIGN_SCHEMA, // no such table
  '42P07': FOREIGN_SCHEMA, // a table of that name is there
  '42703': FOREIGN_SCHEMA, // no such column
  '42723': FOREIGN_SCHEMA, // a function of that name is there
  '42883': FOREIGN_SCHEMA, // no such function
  '25006': unavailable('The PostgreSQL server takes no writes: connect to the primary.', true),
  '08': BROKEN,
  '40': unavailable('PostgreSQL rolled the statement back.', true),
  '53': OUT_OF_RESOURCE,
  '55': unavailable('PostgreSQL gave up waiting for a lock.', true),
  '57': unavailable('PostgreSQL is starting, stopping, or ended the statement.', true),
  '58': unavailable('PostgreSQL could not read or write its files: see its log.', true),
  ECONNREFUSED: unavailable('No PostgreSQL answers at this address: check host and port, and that it runs.', true),
  ENOENT: unavailable('No PostgreSQL answers at this socket: check its directory, and that it runs.', true),
  ENOTFOUND: unavailable('The host of the PostgreSQL connection is unknown: check its name.'),
  EAI_AGAIN: unavailable('The host of the PostgreSQL connection cannot be looked up at present.', true),
  ECONNRESET: BROKEN,
  EPIPE: BROKEN,
  ETIMEDOUT: BROKEN,
  ECONNABORTED: BROKEN,
  EHOSTDOWN: BROKEN,
  EHOSTUNREACH: BROKEN,
  ENETDOWN: BROKEN,
  ENETUNREACH: BROKEN,
  EMFILE: EXHAUSTED,
  ENFILE: EXHAUSTED,
  ENOBUFS: EXHAUSTED,
  ENOMEM: EXHAUSTED,
  EADDRNOTAVAIL: EXHAUSTED,
  ERR_INVALID_URL: ADDRESS,
  ERR_SOCKET_BAD_PORT: ADDRESS,
  DEPTH_ZERO_SELF_SIGNED_CERT: CERTIFICATE,
  SELF_SIGNED_CERT_IN_CHAIN: CERTIFICATE,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: CERTIFICATE,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: CERTIFICATE,
  CERT_HAS_EXPIRED: CERTIFICATE,
  ERR_TLS_CERT_ALTNAME_INVALID: CERTIFICATE,
};

/** Errors of the driver that carry no code. */
const BY_MESSAGE: readonly (readonly [RegExp, Trouble])[] = [
  [
    /^timeout exceeded when trying to connect/,
    unavailable('No connection of the pool became free in time: raise `max`.', true),
  ],
  [/^(Connection (terminated|ended)|Query read timeout|timeout expired|Client (was closed|has encountered))/, BROKEN],
  [/\bmax(imum)?\b.+\bclients?\b/i, OUT_OF_RESOURCE], // a pooler's word for it
  [/^SASL: .*password/, PASSWORD],
  [/does not support SSL/, unavailable('The PostgreSQL server offers no TLS: turn it on there, or leave out `ssl`.')],
];

const UNKNOWN = unavailable('PostgreSQL did not answer as expected: see the cause.');

/** Classes of SQLSTATE that prove a fault in the store's own statements, or in the tables that these meet. */
const FAULTS: ReadonlySet<string> = new Set(['21', '22', '23', '3F', '42', 'P0']);
/** The SQLSTATE of a missing right. It may pass: a right that was taken away may be given back. */
const MISSING_RIGHT = '42501';

/**
 * Turn an error of the driver into a typed one; the driver's own text stays in `cause`.
 *
 * @param isOpen - the store was opened. From then on a trouble with server, network or login may pass (a failover, a
 *   name that is not found for a moment, a password that is changed): only a fault in the store's own statements is
 *   final.
 */
export function storeError(error: unknown, isOpen: boolean): TaskError {
  if (TaskError.is(error)) return error;
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  const sqlState = String(code);
  const trouble = troubleOf(sqlState, String(message));
  const retryable = isOpen ? sqlState === MISSING_RIGHT || !FAULTS.has(classOf(sqlState) ?? '') : trouble.retryable;
  return new TaskError(trouble.code, trouble.message, { cause: error, retryable });
}

function troubleOf(code: string, message: string): Trouble {
  const ofClass = BY_CODE[classOf(code) ?? ''];
  return BY_CODE[code] ?? ofClass ?? BY_MESSAGE.find(([sign]) => sign.test(message))?.[1] ?? UNKNOWN;
}

/** Find the class of a SQLSTATE, which has five characters. The codes of a socket begin with `E`; no class does. */
const classOf = (code: string): string | undefined => (/^[0-9A-Z]{5}$/.test(code) ? code.slice(0, 2) : undefined);

/** Make the error about a function of the schema that is not as a migration made it. */
export function noAnswer(): TaskError {
  return new TaskError('STORE_UNAVAILABLE', 'A function of the PostgreSQL schema answered no row: restore the schema.');
}

/** Make the error of a call of a closed store. */
export function storeClosed(cause?: unknown): TaskError {
  return new TaskError('STORE_CLOSED', 'The PostgreSQL store is closed: make a new one.', { cause });
}
