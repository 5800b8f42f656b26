import type { Transport } from '@modelcontextprotocol/client';
import { DispatchError, type JsonRpcResponse, type RawClientDispatch } from '@modelcontextprotocol/ext-tasks/client';

type Message = Parameters<NonNullable<Transport['onmessage']>>[0];

/**
 * The request path that ext-tasks wants from its host for 2026-07-28 task messages, which the SDK's client refuses:
 * requests with ids of their own over the client's connected transport, which adds the standard headers by itself.
 */
export function rawDispatchOver(transport: Transport): RawClientDispatch {
  const waiting = new Map<string, (response: JsonRpcResponse) => void>();
  const deliver = transport.onmessage;
  transport.onmessage = (message: Message, extra) => {
    const settle = 'id' in message && !('method' in message) ? waiting.get(String(message.id)) : undefined;
    if (settle === undefined) deliver?.(message, extra);
    else if ('error' in message) settle({ kind: 'error', error: message.error as never });
    else if ('result' in message) settle({ kind: 'result', result: message.result as never });
  };
  let count = 0;
  return async (request, options) => {
    const id = `raw-${(count += 1)}`;
    const answered = new Promise<JsonRpcResponse>((resolve) => waiting.set(id, resolve));
    try {
      await transport.send(
        { ...(request as { method: string }), jsonrpc: '2.0', id },
        {
          ...(options?.signal === undefined ? {} : { requestSignal: options.signal }),
        },
      );
      return await Promise.race([answered, rejectedWhenAborted(options?.signal)]);
    } catch (cause) {
      throw new DispatchError(`request ${id} failed`, false, { cause });
    } finally {
      waiting.delete(id);
    }
  };
}

function rejectedWhenAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });
}
