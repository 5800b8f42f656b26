import type { InlineHost, TaskTool, ToolCall } from '@mcp-tasks/runner';
import { runCall } from '@mcp-tasks/runner/engine';
import { TaskError } from '@mcp-tasks/store';
import { type CallToolResult, ProtocolFailure, type WorkflowRequestMeta } from '@mcp-tasks/wire';
import type { JSONRPCResponse, ServerContext } from '@modelcontextprotocol/server';
import type { TaskRequest } from '../request/task-request.ts';
import { callCompanion } from './companion.ts';
import { ContinuedCall } from './continue/continued-call.ts';
import { becomesTask, type WorkflowServing } from './serving/workflow-serving.ts';

/** Relation of a call of one of our tools to a workflow. */
export interface WorkflowCall {
  /** The call runs inside its request, even if tool and client allow a task. */
  readonly isInline: boolean;
  /** Run it inside its request. @throws as `Tasks.runInline` */
  run(call: ToolCall, host: InlineHost, context: ServerContext): Promise<CallToolResult>;
  /** Rewrites the answer before it goes out; never rejects. */
  finish?(answer: JSONRPCResponse): JSONRPCResponse | Promise<JSONRPCResponse>;
}

/** Find the relation of a call of this tool to a workflow; undefined for most. */
export function workflowCallOf(
  serving: WorkflowServing,
  tool: TaskTool,
  request: TaskRequest,
  reference: WorkflowRequestMeta | 'malformed' | undefined,
): WorkflowCall | undefined {
  const workflow = serving.workflows.get(tool.name);
  if (workflow === undefined || !becomesTask(workflow, request)) {
    return reference && continuingCall(serving, request, reference);
  }
  return {
    isInline: reference !== undefined,
    run: (call, inline, context) => callCompanion(serving, { call, reference, request, context, inline }),
  };
}

function continuingCall(
  serving: WorkflowServing,
  request: TaskRequest,
  reference: WorkflowRequestMeta | 'malformed',
): WorkflowCall {
  const continued = new ContinuedCall(serving, request, reference);
  return {
    isInline: true,
    async run(call, host) {
      const workflow = await continued.step();
      const stepCall = workflow === undefined ? call : { ...call, workflow };
      const outcome = await runCall(serving.host.tasks, stepCall, host).catch((error: unknown) => {
        if (TaskError.is(error, 'TASK_QUOTA_EXCEEDED')) continued.refused();
        throw error;
      });
      if (outcome.kind === 'error')
        throw new ProtocolFailure(outcome.error.code, outcome.error.message, outcome.error.data);
      continued.note({ result: outcome.result, thrown: outcome.thrown });
      return outcome.result;
    },
    finish: (answer) => continued.finish(answer),
  };
}
