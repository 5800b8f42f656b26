import type { ServerContext } from '@modelcontextprotocol/server';

/** Signals that tell when an HTTP client leaves. One that can resume its stream has not left when that breaks. */
export function disconnectSignals({ http }: ServerContext): AbortSignal[] {
  const signal = http?.closeSSE === undefined ? http?.req?.signal : undefined;
  return signal === undefined ? [] : [signal];
}
