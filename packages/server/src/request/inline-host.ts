import type { InlineHost } from '@mcp-tasks/runner';
import type { InputResponse } from '@mcp-tasks/wire';
import type { ServerContext } from '@modelcontextprotocol/server';
import type { CallMeta } from './call-meta.ts';
import type { TaskRequest } from './task-request.ts';

/** A question inside a request waits as long as the request does. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** What a tool that runs inside a request can do with it. */
export function inlineHost(request: TaskRequest, { progressToken }: CallMeta, { mcpReq }: ServerContext): InlineHost {
  const { signal } = mcpReq;
  let latest = -Infinity;
  return {
    signal,
    ...(progressToken !== undefined && {
      progress({ done, total, message }) {
        if (done <= latest || signal.aborted) return;
        latest = done;
        const params = {
          progressToken,
          progress: done,
          ...(total !== undefined && { total }),
          ...(message !== undefined && { message }),
        };
        // The client that is gone by now needs no progress.
        mcpReq.notify({ method: 'notifications/progress', params }).catch(() => undefined);
      },
    }),
    ...(request.isTwoWay && {
      async ask(_key, { method, params }, askSignal) {
        const options = { signal: askSignal, timeout: LONGEST_TIMEOUT_MS };
        return (await mcpReq.send({ method, params: { ...params } }, options)) as unknown as InputResponse;
      },
    }),
  };
}
