import type { InlineHost } from '@mcp-tasks/runner';
import { TaskError, type TaskHead } from '@mcp-tasks/store';
import { isTerminalStatus } from '@mcp-tasks/wire';
import type { ServerContext } from '@modelcontextprotocol/server';
import { disconnectSignals } from '../../request/request-signals.ts';
import type { WorkflowServing } from './workflow-serving.ts';

/** A request that waits for a workflow. */
export interface WaitingRequest {
  readonly context: ServerContext;
  /** Uses of the request while it waits. */
  readonly inline: InlineHost;
}

/**
 * Wait until a workflow stops by itself, at most for `handOffWaitMs`.
 *
 * @throws {TaskError} RUN_ENDED - the client left; TASK_NOT_FOUND - the task is gone.
 */
export async function untilItStops(
  { host, settings }: WorkflowServing,
  head: TaskHead,
  { context, inline }: WaitingRequest,
): Promise<void> {
  if (hasStopped(head) || settings.handOffWaitMs === 0) return;
  const { tasks } = host;
  const over = new AbortController();
  const gone = AbortSignal.any([context.mcpReq.signal, ...disconnectSignals(context)]);
  const cancel = tasks.clock.after(settings.handOffWaitMs, () => {
    over.abort();
  });
  try {
    const until = (now: TaskHead): boolean => {
      if (now.progress !== undefined) inline.progress?.(now.progress);
      return hasStopped(now);
    };
    await tasks.for(head.owner).waitFor(head.taskId, until, { signal: AbortSignal.any([over.signal, gone]) });
  } catch (error) {
    if (gone.aborted) throw new TaskError('RUN_ENDED', 'The client no longer waits for the answer.');
    if (!over.signal.aborted) throw error;
  } finally {
    cancel();
  }
}

/** Tell whether the task is over, parked, or asks. */
function hasStopped({ status, dueAtMs }: TaskHead): boolean {
  return isTerminalStatus(status) || status === 'input_required' || dueAtMs === null;
}
