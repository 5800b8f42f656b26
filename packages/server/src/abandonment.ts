import { TaskError } from '@mcp-tasks/store';
import type { ServerContext } from '@modelcontextprotocol/server';

/** Tells when nobody waits for an answer any more. */
export interface Abandonment {
  /** Rejects with RUN_ENDED when it is so; else it stays pending. */
  readonly promise: Promise<never>;
  /** Stop looking. */
  stop(): void;
}

/**
 * Watch for the end of a request that waits: the client cancelled it or left, its connection or the server closes.
 *
 * An HTTP client that can resume its stream has not left when that breaks.
 */
export function watchAbandonment({ mcpReq, http }: ServerContext, closing: AbortSignal): Abandonment {
  const canResume = http?.closeSSE !== undefined;
  const disconnect = canResume ? undefined : http?.req?.signal;
  const signals = [mcpReq.signal, closing, disconnect].filter((signal) => signal !== undefined);
  const listening = new AbortController();
  const promise = new Promise<never>((_resolve, reject) => {
    const abandon = () => {
      reject(new TaskError('RUN_ENDED', 'Nobody waits for the answer any more'));
    };
    if (signals.some(({ aborted }) => aborted)) abandon();
    for (const signal of signals) signal.addEventListener('abort', abandon, { once: true, signal: listening.signal });
  });
  const stop = () => {
    listening.abort();
  };
  return { promise, stop };
}
