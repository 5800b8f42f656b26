import { randomUUID } from 'node:crypto';
import type { InlineHost } from '@mcp-tasks/runner';
import { inputRefused } from '@mcp-tasks/runner/engine';
import type { TaskProgress } from '@mcp-tasks/store';
import type { InputResponse, ProgressToken } from '@mcp-tasks/wire';
import { ProtocolError, type ServerContext } from '@modelcontextprotocol/server';
import type { CallMeta } from './call-meta.ts';
import { params2025 } from './params-2025.ts';
import type { TaskRequest } from './task-request.ts';

/** A question inside a request waits as long as the request does. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** Reports of progress that may wait for a reader; from then on the latest takes the place of those before. */
const MAX_UNREAD_REPORTS = 16;

/** Let a tool that runs inside a request use the request. */
export function inlineHost(request: TaskRequest, { progressToken }: CallMeta, { mcpReq }: ServerContext): InlineHost {
  const { signal } = mcpReq;
  return {
    signal,
    ...(progressToken !== undefined && { progress: progressReporter(request, progressToken, mcpReq) }),
    ...(request.isTwoWay && {
      async ask(key, question, askSignal) {
        const { method } = question;
        const params = { ...params2025(question, randomUUID()) };
        const options = { signal: askSignal, timeout: LONGEST_TIMEOUT_MS };
        try {
          return (await mcpReq.send({ method, params }, options)) as unknown as InputResponse; // checked by the runner
        } catch (error) {
          throw error instanceof ProtocolError ? inputRefused(key, error) : error;
        }
      },
    }),
  };
}

function progressReporter(
  { stream, isOver }: TaskRequest,
  progressToken: ProgressToken,
  { notify, signal }: ServerContext['mcpReq'],
): NonNullable<InlineHost['progress']> {
  let latest = -Infinity;
  let waiting: TaskProgress | undefined;
  const send = ({ done, total, message }: TaskProgress): void => {
    const params = {
      progressToken,
      progress: done,
      ...(total !== undefined && { total }),
      ...(message !== undefined && { message }),
    };
    // The client that is gone by now needs no progress.
    notify({ method: 'notifications/progress', params }).catch(() => undefined);
  };
  const sendWhenRead = async (): Promise<void> => {
    const endTurn = await stream.turn(signal);
    if (waiting !== undefined && endTurn !== undefined && !isOver()) send(waiting);
    waiting = undefined;
    endTurn?.();
  };
  return (progress) => {
    if (progress.done <= latest || signal.aborted) return;
    latest = progress.done;
    if (waiting === undefined && stream.unread < MAX_UNREAD_REPORTS) {
      send(progress);
      return;
    }
    const isWaiting = waiting !== undefined;
    waiting = progress;
    if (!isWaiting) void sendWhenRead();
  };
}
