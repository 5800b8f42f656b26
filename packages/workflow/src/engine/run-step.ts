import type { TaskContext, Tasks } from '@mcp-tasks/runner';
import { askWithoutWaiting, callTool } from '@mcp-tasks/runner/engine';
import { TaskError } from '@mcp-tasks/store';
import type { CallToolResult, JsonObject, JsonValue } from '@mcp-tasks/wire';
import type { StepDefinition } from '../definition/definition.ts';
import { fill } from '../plan/fill.ts';
import type { StepReport } from '../plan/outcome.ts';
import type { ReadText } from '../plan/plan.ts';
import type { WorkflowNow } from '../plan/resolve.ts';
import { readResources } from './read-resources.ts';

/** The run that a step runs in. */
export interface StepHost {
  readonly task: TaskContext;
  readonly tasks: Tasks;
  readonly context: WorkflowNow;
}

/** A step that is marked as running. */
export interface StepRun {
  readonly step: StepDefinition;
  readonly attempt: number;
  readonly arguments: JsonObject;
}

/** Do a step of the server: read its resources, call its tool. @throws {TaskError} RUN_ENDED */
export async function runStep({ task, tasks, context }: StepHost, run: StepRun): Promise<StepReport> {
  const { step, attempt, arguments: args } = run;
  const about = { arguments: args, by: 'server', attempt } as const;
  const read = await readResources(context, step, { task, clock: tasks.clock });
  if (read.kind === 'failed') {
    return { ...about, outcome: { error: { message: read.error }, thrown: read.thrown } };
  }
  const { resources } = read;
  if (step.tool === undefined) return { ...about, resources, outcome: { result: resourcesResult(resources) } };
  const outcome = await callTool(task, {
    tool: step.tool,
    arguments: args,
    prefix: `${step.name}/`,
    timeoutMs: step.timeoutMs,
    mayPark: step.retryable,
    workflow: { workflow: context.definition.workflow.name, taskId: task.id, step: step.name, attempt },
  });
  return { ...about, resources, outcome };
}

/** The output of a step without a tool: the texts that it read. */
function resourcesResult(resources: readonly ReadText[]): CallToolResult {
  return { content: resources.map(({ text }) => ({ type: 'text', text })) };
}

/** The answer to a step's question, or the reason why there is none. */
export type Asked =
  | { readonly kind: 'answered'; readonly report: StepReport }
  | { readonly kind: 'open' }
  /** The client cannot be asked, or not now: it stays a step for the client to do. */
  | { readonly kind: 'unasked' };

/** Ask the question of a step, or take its answer. */
export async function askStep(
  { task, context }: StepHost,
  { step, attempt }: Pick<StepRun, 'step' | 'attempt'>,
): Promise<Asked> {
  const { question } = step;
  if (question === undefined) return { kind: 'unasked' };
  const about = { arguments: {}, by: 'client', attempt } as const;
  try {
    const message = fill(context, question.message);
    const answer = await askWithoutWaiting(task, step.name, { message, schema: question.schema });
    if (answer === undefined) return { kind: 'open' };
    if (answer.action === 'accept') {
      return { kind: 'answered', report: { ...about, outcome: { result: answerResult(answer.content) } } };
    }
    return { kind: 'answered', report: { ...about, outcome: refusal(NO_ANSWER[answer.action]) } };
  } catch (error) {
    if (TaskError.is(error, 'INPUT_UNSUPPORTED') || TaskError.is(error, 'QUESTION_LIMIT')) return { kind: 'unasked' };
    if (TaskError.is(error, 'TASK_ANSWER_INVALID') || TaskError.is(error, 'INPUT_REFUSED')) {
      return { kind: 'answered', report: { ...about, outcome: refusal(error.message) } };
    }
    throw error;
  }
}

const NO_ANSWER = {
  decline: 'The person declined.',
  cancel: 'The person closed the question without an answer.',
} as const;

function answerResult(content: unknown): CallToolResult {
  const text = JSON.stringify(content);
  return { content: [{ type: 'text', text }], structuredContent: JSON.parse(text) as JsonValue };
}

function refusal(message: string): StepReport['outcome'] {
  return { error: { message }, retryable: true };
}
