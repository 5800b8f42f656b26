import { TaskError } from '@mcp-tasks/store';

interface Trouble {
  /** Found in the error's message or code. A script's error may come wrapped, so that its word is not always the first. */
  readonly sign: RegExp;
  readonly message: string;
  readonly retryable?: true;
}

/** What an error of Redis or of the socket means for whoever runs the server; the first sign that is found counts. */
const TROUBLES: readonly Trouble[] = [
  {
    sign: /\b(WRONGPASS|NOAUTH)\b|invalid password|without any password configured/,
    message: 'Redis refused the password: check user and password of the connection.',
  },
  {
    sign: /\bNOPERM\b|ACL failure in script|The user executing the script can't/,
    message:
      'The Redis user lacks a right: it needs all keys and the channel that begin with the name of the store, and EVAL, EVALSHA, SCRIPT LOAD, SUBSCRIBE, TIME and the commands of hashes, sorted sets, strings and keys.',
  },
  { sign: /DB index is out of range/, message: 'The Redis database does not exist: correct its number.' },
  { sign: /\bOOM\b/, message: 'Redis is out of memory: raise maxmemory.', retryable: true },
  {
    sign: /\b(LOADING|MASTERDOWN|READONLY|CLUSTERDOWN|TRYAGAIN|MISCONF|BUSY|NOREPLICAS)\b/,
    message: 'Redis cannot take writes at present, or this server never does: see its log, connect to the primary.',
    retryable: true,
  },
  {
    sign: /\bECONNREFUSED\b|\bENOENT\b/,
    message: 'No Redis answers at this address: check host and port, and that it runs.',
    retryable: true,
  },
  { sign: /\bENOTFOUND\b/, message: 'The host of the Redis connection is unknown: check its name.' },
  {
    sign: /\bERR_INVALID_URL\b|\bERR_SOCKET_BAD_PORT\b/,
    message: 'The Redis connection has no usable address: check url, host and port.',
  },
  {
    sign: /SELF_SIGNED_CERT|UNABLE_TO_VERIFY_LEAF|UNABLE_TO_GET_ISSUER|CERT_HAS_EXPIRED|ALTNAME_INVALID/,
    message:
      'The certificate of the Redis server is not trusted: give its authority in `tls.ca`, and connect by the name in the certificate.',
  },
  {
    sign: /\bERR_SSL|\bEPROTO\b/,
    message: 'The Redis server does not speak TLS at this address, or only TLS: check redis:// against rediss://.',
  },
  {
    sign: /ECONNRESET|EPIPE|ETIMEDOUT|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|Connection is closed|max retries per request|Command timed out|Socket timeout|aborted due to connection close/i,
    message: 'The connection to Redis broke, or no answer came in time.',
    retryable: true,
  },
];

/**
 * Turn an error of the driver into a typed one; the driver's own text stays in `cause`, without the arguments of the command,
 * which may be a password or what a task holds.
 */
export function storeError(error: unknown): TaskError {
  if (TaskError.is(error)) return error;
  forgetArguments(error);
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  const text = `${String(message)} ${String(code)}`;
  const trouble = TROUBLES.find(({ sign }) => sign.test(text));
  return new TaskError('STORE_UNAVAILABLE', trouble?.message ?? 'Redis did not answer as expected: see the cause.', {
    cause: error,
    retryable: trouble?.retryable ?? false,
  });
}

/** The driver hangs the whole command on its errors. */
function forgetArguments(error: unknown): void {
  if (!(error instanceof Error && 'command' in error)) return;
  const { name } = (error.command ?? {}) as { readonly name?: unknown };
  error.command = { name };
}

/** What a call of a closed store fails with. */
export function storeClosed(cause?: unknown): TaskError {
  return new TaskError('STORE_CLOSED', 'The Redis store is closed: make a new one.', { cause });
}

/** A server or keys with which the store cannot work. */
export function incompatible(message: string, cause?: unknown): TaskError {
  return new TaskError('STORE_INCOMPATIBLE', message, { cause });
}

/** A record that cannot be decoded; the other tasks are not touched by it. */
export function corruptRecord(taskId: string, cause: unknown): TaskError {
  return new TaskError(
    'STORE_CORRUPT_RECORD',
    `The record of task ${taskId} cannot be decoded: restore or delete it.`,
    { details: { taskId }, cause },
  );
}
