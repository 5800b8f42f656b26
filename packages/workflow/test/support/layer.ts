import { createTasks } from '@mcp-tasks/runner';
import type { Tasks, TasksOptions } from '@mcp-tasks/runner';
import type { TaskHead } from '@mcp-tasks/store';
import type { CallToolResult, JsonObject } from '@mcp-tasks/wire';
import { workflowEngine } from '../../src/index.ts';
import type { CallOutcome, Recorded, WorkflowView } from '../../src/index.ts';

export const OWNER = 'alice';
export const HOW = { continueTool: 'continue_workflow' };

/** A task layer that fails the test's process on any background error. */
export function layer(options: TasksOptions = {}): Tasks {
  return createTasks({
    onBackgroundError: (error) => {
      throw error;
    },
    ...options,
  });
}

/** A client of the workflows of one task layer. */
export function client(tasks: Tasks) {
  const engine = workflowEngine(tasks);
  let lastCall = 0;
  const begin = (workflow: string, args: JsonObject = {}): Promise<TaskHead> =>
    engine.create({ tool: workflow, owner: OWNER, arguments: args });
  const view = (taskId: string): Promise<WorkflowView> => engine.view(OWNER, taskId, HOW);
  /** The view once nothing changes without somebody. */
  const settled = async (taskId: string): Promise<WorkflowView> => {
    for (;;) {
      const seen = await view(taskId);
      if (seen.isWaiting) return seen;
      const signal = AbortSignal.timeout(20_000);
      await tasks.for(OWNER).waitFor(taskId, ({ version }) => version !== seen.head.version, { signal });
    }
  };
  const start = async (workflow: string, args: JsonObject = {}): Promise<WorkflowView> => {
    const { taskId } = await begin(workflow, args);
    return settled(taskId);
  };
  const record = (
    taskId: string,
    call: { tool?: string; step?: string; arguments?: JsonObject; callId?: string },
    outcome: CallOutcome | JsonObject = {},
  ): Promise<Recorded> =>
    engine.record(
      OWNER,
      taskId,
      { callId: `call ${++lastCall}`, arguments: {}, ...call },
      'result' in outcome || 'error' in outcome ? (outcome as CallOutcome) : { result: structured(outcome) },
    );
  return { engine, begin, view, settled, start, record };
}

export function structured(content: JsonObject): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(content) }], structuredContent: content };
}

export function statuses({ meta }: { readonly meta: WorkflowView['meta'] }): string {
  return meta.steps.map(({ status }) => status).join(' ');
}
