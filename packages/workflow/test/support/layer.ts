import { createTasks, type Tasks, type TasksOptions } from '@mcp-tasks/runner';
import type { TaskHead } from '@mcp-tasks/store';
import { type CallToolResult, isTerminalStatus, type JsonObject, type WorkflowMeta } from '@mcp-tasks/wire';
import { afterEach } from 'vitest';
import { readWorkflowTask, stateNow, type WorkflowTask } from '../../src/engine/workflow-task.ts';
import { standings } from '../../src/plan/standing.ts';
import { type Recorded, type RecordedOutcome, workflowEngine, type WorkflowView } from '../../src/serving.ts';

export const OWNER = 'alice';
const HOW = { continueTool: 'continue_workflow' };

const open: Tasks[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((tasks) => tasks.close({ drainMs: 0 })));
});

/** A task layer that is closed after the test, and fails the test's process on any background error. */
export function layer(options: TasksOptions = {}): Tasks {
  const tasks = createTasks({
    onBackgroundError: (error) => {
      throw error;
    },
    ...options,
  });
  open.push(tasks);
  return tasks;
}

/** What a test does for a call: which tool or step, with what. */
export interface TestCall {
  readonly tool?: string;
  readonly step?: string;
  readonly arguments?: JsonObject;
  readonly callId?: string;
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
      const task = await readWorkflowTask(tasks, OWNER, taskId);
      const seen = engine.viewOf(task.record, HOW);
      if (isWaiting(task)) return seen;
      const signal = AbortSignal.timeout(20_000);
      await tasks.for(OWNER).waitFor(taskId, ({ version }) => version !== seen.head.version, { signal });
    }
  };
  const start = async (workflow: string, args: JsonObject = {}): Promise<WorkflowView> => {
    const { taskId } = await begin(workflow, args);
    return settled(taskId);
  };
  const recordOutcome = (taskId: string, call: TestCall, outcome: RecordedOutcome): Promise<Recorded> =>
    engine.record(OWNER, taskId, { callId: `call ${++lastCall}`, arguments: {}, ...call }, outcome);
  const record = (taskId: string, call: TestCall, content: JsonObject = {}): Promise<Recorded> =>
    recordOutcome(taskId, call, { result: structured(content) });
  return { engine, begin, view, settled, start, record, recordOutcome };
}

/** Whether nothing changes without somebody: the task is over, parked, or waits at a question. */
export function isWaiting(task: WorkflowTask): boolean {
  const { status, dueAtMs, openQuestions } = task.record.head;
  if (isTerminalStatus(status) || dueAtMs === null) return true;
  if (openQuestions.length === 0) return false;
  return standings(stateNow(task)).every(({ step, standing }) => {
    if (standing.kind === 'ready') return false;
    return standing.kind !== 'running' || openQuestions.some((key) => key.startsWith(`${step.name}/`));
  });
}

export function structured(content: JsonObject): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(content) }], structuredContent: content };
}

export function text(line: string): CallToolResult {
  return { content: [{ type: 'text', text: line }] };
}

/** The statuses of all steps, in order. */
export function statuses({ meta }: { readonly meta: WorkflowMeta }): string {
  return meta.steps.map(({ status }) => status).join(' ');
}

/** The names of the steps that remain for the client. */
export function remaining({ meta }: { readonly meta: WorkflowMeta }): string {
  return meta.remaining.map(({ step }) => step).join(' ');
}

/** What a recorded call was answered with. */
export function metaOf(recorded: Recorded): WorkflowMeta {
  if ('taskId' in recorded) return recorded;
  throw new TypeError(`nothing was recorded: ${recorded.warning}`);
}

/** A promise that the test resolves. */
export function gate() {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** The code of the error with which something fails. */
export async function codeOf(effect: () => Promise<unknown>): Promise<string> {
  try {
    await effect();
    return 'nothing thrown';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
