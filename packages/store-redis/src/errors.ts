import { TaskError } from '@mcp-tasks/store';

interface Trouble {
  /** Pattern in the error's message or code. A script's error may come wrapped, so its word is not always the first. */
  readonly sign: RegExp;
  readonly message: string;
  /** True when the trouble may pass without a change, also while the store opens. */
  readonly retryable?: true;
  /** True when it proves a fault in the store's own scripts, or in the keys that they meet: it never passes. */
  readonly isFault?: true;
}

/**
 * Meaning of an error of Redis or of the socket, for the operator of the server; the first sign that is found counts.
 */
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
    sign: /\bmax number of clients\b/,
    message: 'Redis takes no more clients: raise maxclients, or look for who keeps connections.',
    retryable: true,
  },
  {
    sign: /\b(LOADING|MASTERDOWN|READONLY|CLUSTERDOWN|TRYAGAIN|MISCONF|BUSY|UNKILLABLE|NOREPLICAS)\b|the cluster is down|a non local key/,
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
    sign: /\b(EMFILE|ENFILE|ENOBUFS|ENOMEM|EADDRNOTAVAIL)\b/,
    message:
      'This machine can open no connection at present: it is out of files, ports or memory. Raise the limit of open files.',
    retryable: true,
  },
  {
    sign: /ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EAI_AGAIN|EHOSTDOWN|EHOSTUNREACH|ENETDOWN|ENETUNREACH|Connection is closed|max retries per request|Command timed out|Socket timeout|aborted due to connection close/i,
    message: 'The connection to Redis broke, or no answer came in time.',
    retryable: true,
  },
  {
    sign: /Too many Cluster redirections|Failed to refresh slots cache|None of startup nodes is available|Cluster isn't ready/,
    message: 'No node of the Redis cluster answers for the slot of this store: see that the cluster is whole.',
    retryable: true,
  },
  {
    sign: /\buser_script\b|\bError (compiling|running) script\b|\b(WRONGTYPE|CROSSSLOT)\b|wrong number of arg/i,
    message: 'Redis refused a script of the store, or a key of it is of another type: see the cause.',
    isFault: true,
  },
];

/**
 * Turn an error of the driver into a typed one. The driver's own text stays in `cause`, without the arguments of the
 * command, which may be a password or the content of a task.
 *
 * @param isOpen - the store was opened. From then on a trouble with server, network or login may pass (a failover, a
 *   password that is changed): only a fault in the store's own scripts is final.
 */
export function storeError(error: unknown, isOpen: boolean): TaskError {
  if (TaskError.is(error)) return error;
  forgetArguments(error);
  const text = wordsOf(error);
  const trouble = TROUBLES.find(({ sign }) => sign.test(text)) ?? UNKNOWN;
  const retryable = isOpen ? trouble.isFault !== true : trouble.retryable === true;
  return new TaskError('STORE_UNAVAILABLE', trouble.message, { cause: error, retryable });
}

const UNKNOWN: Omit<Trouble, 'sign'> = { message: 'Redis did not answer as expected: see the cause.' };

/** Tell whether a server answered that it is a replica, and so has not written anything. */
export const isOfReplica = (error: unknown): boolean => /\b(READONLY|MASTERDOWN)\b/.test(wordsOf(error));

/** Tell whether the connection broke before a call was answered, or sent. */
export const isOfBrokenConnection = (error: unknown): boolean => /max retries per request/i.test(wordsOf(error));

function wordsOf(error: unknown): string {
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  return `${String(message)} ${String(code)}`;
}

/** Remove the arguments from an error: the driver attaches the whole command to it. */
function forgetArguments(error: unknown): void {
  if (!(error instanceof Error && 'command' in error)) return;
  const { name } = (error.command ?? {}) as { readonly name?: unknown };
  error.command = { name };
}

/** Make the error of a call of a closed store. */
export function storeClosed(cause?: unknown): TaskError {
  return new TaskError('STORE_CLOSED', 'The Redis store is closed: make a new one.', { cause });
}

/** Make the error about a server, or keys, with which the store cannot work. */
export function incompatible(message: string, cause?: unknown): TaskError {
  return new TaskError('STORE_INCOMPATIBLE', message, { cause });
}
