import {
  isJSONRPCErrorResponse,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import type { CreateTaskSessionFromClientOptions } from '@modelcontextprotocol/ext-tasks/client';

type RawDispatch = NonNullable<CreateTaskSessionFromClientOptions['rawDispatch']>;
type RawResponse = Awaited<ReturnType<RawDispatch>>;

/**
 * Sends requests that the SDK's `Client` would not, such as `tasks/get` in 2026-07-28, over a transport of its own.
 *
 * The transport writes the headers that the request's `_meta` and params ask for, and reads JSON and event streams.
 */
export async function rawDispatchOverHttp(url: URL): Promise<{ dispatch: RawDispatch; close(): Promise<void> }> {
  const transport = new StreamableHTTPClientTransport(url);
  const waiting = new Map<string, (response: RawResponse) => void>();
  let sent = 0;

  transport.onmessage = (message) => {
    const id = 'id' in message ? String(message.id) : '';
    const settle = waiting.get(id);
    if (settle === undefined) return;
    waiting.delete(id);
    if (isJSONRPCResultResponse(message)) settle({ kind: 'result', result: message.result as never });
    if (isJSONRPCErrorResponse(message)) settle({ kind: 'error', error: message.error as never });
  };
  await transport.start();

  return {
    async dispatch(request, options) {
      sent += 1;
      const id = `raw-${String(sent)}`;
      const message = { ...(request as object), jsonrpc: '2.0', id } as JSONRPCMessage;
      const response = new Promise<RawResponse>((resolve) => waiting.set(id, resolve));
      try {
        await transport.send(message, { ...(options?.signal && { requestSignal: options.signal }) });
        return await response;
      } finally {
        waiting.delete(id);
      }
    },
    close: () => transport.close(),
  };
}
