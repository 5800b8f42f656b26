import { TaskError } from '@mcp-tasks/store';

interface Trouble {
  /** Found at the beginning of the error's message, or as its code. */
  readonly sign: RegExp;
  readonly message: string;
  readonly retryable: boolean;
}

/** What an error of Redis or of the socket means for whoever runs the server. */
const TROUBLES: readonly Trouble[] = [
  {
    sign: /^(WRONGPASS|NOAUTH|ERR invalid password|ERR AUTH)/,
    message: 'Redis refused the password: check user and password of the connection.',
    retryable: false,
  },
  {
    sign: /^NOPERM/,
    message: 'The Redis user lacks a right: it needs the keys and the channel of the store, and scripts.',
    retryable: false,
  },
  { sign: /^OOM/, message: 'Redis is out of memory: raise maxmemory.', retryable: true },
  {
    sign: /^(LOADING|MASTERDOWN|READONLY|CLUSTERDOWN|TRYAGAIN|MISCONF)/,
    message: 'Redis cannot take writes at present: see its log.',
    retryable: true,
  },
  {
    sign: /ECONNREFUSED/,
    message: 'No Redis answers at this address: check host and port, and that it runs.',
    retryable: true,
  },
  { sign: /ENOTFOUND/, message: 'The host of the Redis connection is unknown: check its name.', retryable: false },
  {
    sign: /(ECONNRESET|EPIPE|ETIMEDOUT|Connection is closed|max retries per request|Command timed out)/i,
    message: 'The connection to Redis broke.',
    retryable: true,
  },
];

/** Turn an error of the driver into a typed one; the driver's own text stays in `cause`. */
export function storeError(error: unknown): TaskError {
  if (TaskError.is(error)) return error;
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  const text = `${typeof message === 'string' ? message : ''} ${typeof code === 'string' ? code : ''}`;
  const trouble = TROUBLES.find(({ sign }) => sign.test(text));
  return new TaskError('STORE_UNAVAILABLE', trouble?.message ?? 'Redis did not answer as expected.', {
    cause: error,
    retryable: trouble?.retryable ?? false,
  });
}

/** What a call of a closed store fails with. */
export function storeClosed(cause?: unknown): TaskError {
  return new TaskError('STORE_CLOSED', 'The Redis store is closed: make a new one.', { cause });
}
