import { WORKFLOW_META_KEY, type WorkflowMeta, WorkflowMetaSchema } from '@mcp-tasks/wire';
import * as z from 'zod';

/** A client's view of a workflow that asks for its help. */
export interface HandOff {
  readonly meta: WorkflowMeta;
  /** Last message of the conversation: what is done, and what remains. */
  readonly text: string;
}

/** A connected client of one generation. Begins and continues workflows in one of the ways that there are. */
export interface ReleaseClient {
  /** Generation and transport, for people. */
  readonly name: string;
  readonly beginsBy: string;
  readonly continuesBy: string;
  /** Begin the workflow; twice with one key is once. @returns the id of its task */
  begin(date: string, idempotencyKey: string): Promise<string>;
  /** Get the prompt of a workflow that has begun: where it stands. */
  resume(taskId: string): Promise<HandOff>;
  /** Do a step of a workflow. @returns the workflow right after it */
  doStep(taskId: string, step: string, args: StepArguments): Promise<WorkflowMeta>;
  /** Ask for the task. */
  look(taskId: string): Promise<WorkflowMeta>;
  /** Result of the finished workflow. */
  result(taskId: string): Promise<ReleaseResult>;
  close(): Promise<void>;
}

/** Arguments of the step that is left to the client. */
type StepArguments = Readonly<Record<string, unknown>>;

const Result = z.looseObject({
  structuredContent: z.looseObject({
    workflow: z.string(),
    outputs: z.looseObject({ stage_release: z.object({ file: z.string(), packages: z.int() }) }),
  }),
});

/** The part of the result that the demo looks at. */
export type ReleaseResult = z.output<typeof Result>['structuredContent'];

/** Read the result of a finished workflow. */
export function releaseResultOf(result: unknown): ReleaseResult {
  return Result.parse(result).structuredContent;
}

const Answer = z.looseObject({
  isError: z.boolean().optional(),
  content: z.array(z.looseObject({ text: z.string().optional() })).optional(),
  _meta: z.looseObject({ [WORKFLOW_META_KEY]: z.unknown() }),
});

/** Read what an answer says of its workflow. @throws {TypeError} the call failed. */
export function workflowMetaOf(answer: unknown): WorkflowMeta {
  const { isError, content, _meta } = Answer.parse(answer);
  if (isError === true) throw new TypeError(content?.[0]?.text ?? 'the call failed');
  return WorkflowMetaSchema.parse(_meta[WORKFLOW_META_KEY]);
}

const Prompt = z.looseObject({
  messages: z.array(z.looseObject({ role: z.string(), content: z.looseObject({ text: z.string() }) })).min(1),
});

/** Read the answer of a workflow's prompt. */
export function handOffOf(answer: unknown): HandOff {
  return { meta: workflowMetaOf(answer), text: Prompt.parse(answer).messages.at(-1)?.content.text ?? '' };
}
