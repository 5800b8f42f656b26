import type { InlineHost, ToolCall } from '@mcp-tasks/runner';
import type { TaskHead } from '@mcp-tasks/store';
import type { WorkflowRequestMeta } from '@mcp-tasks/wire';
import type { WorkflowView } from '@mcp-tasks/workflow/serving';
import type { ServerContext } from '@modelcontextprotocol/server';
import { authorizeTask } from '../request/authorize-access.ts';
import { NO_INPUT } from '../request/client-capabilities.ts';
import type { TaskRequest } from '../request/task-request.ts';
import { untilItStops } from './serving/until-it-stops.ts';
import { isUnableToPoll, type WorkflowServing } from './serving/workflow-serving.ts';

/** A client that asks for a workflow, by its prompt or its tool. */
export interface WorkflowInvocation {
  /** The call of the workflow's tool that this is. */
  readonly call: ToolCall;
  /** The task to resume; undefined = a new one. */
  readonly reference: WorkflowRequestMeta | undefined;
  readonly request: TaskRequest;
  readonly context: ServerContext;
  /** Uses of the request while it waits. */
  readonly inline: InlineHost;
}

/**
 * Start or resume a workflow, and wait until it stops by itself, or for `handOffWaitMs`. The run belongs to the task: a
 * client that leaves ends only this wait.
 *
 * @throws {TaskError} as `startTask`; TASK_NOT_FOUND, INVALID_ARGUMENTS - of a task to resume; RUN_ENDED - the client
 * left.
 */
export async function runWorkflow(serving: WorkflowServing, invocation: WorkflowInvocation): Promise<WorkflowView> {
  const head = await startOrResume(serving, invocation);
  await untilItStops(serving, head, invocation);
  return serving.engine.view(head.owner, head.taskId, serving.handOff);
}

async function startOrResume({ engine, host }: WorkflowServing, invocation: WorkflowInvocation): Promise<TaskHead> {
  const { call, request, reference } = invocation;
  if (reference !== undefined) {
    const { owner, context } = request;
    const { taskId } = reference;
    // The conversation holds what the steps came to.
    await authorizeTask(host, { owner, context, taskId, via: 'get' });
    await authorizeTask(host, { owner, context, taskId, via: 'result' });
    const args = request.params['arguments'] === undefined ? undefined : call.arguments;
    return engine.resume(call.owner, reference.taskId, call.tool, args);
  }
  // The token is good for this request alone, which is not a task of its client.
  const stored: ToolCall = { ...call, progressToken: undefined };
  // A client that cannot see a task's questions is asked none: what would ask is left for it to do.
  return engine.create(isUnableToPoll(request) ? { ...stored, inputCapabilities: NO_INPUT } : stored);
}
