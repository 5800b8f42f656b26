import type { AuthorSchema, InlineHost, ToolCall, ToolOptions, WorkflowStepInfo } from '@mcp-tasks/runner';
import type { TaskHead, TaskRecord } from '@mcp-tasks/store';
import type { CallToolResult, JsonObject, WorkflowMeta } from '@mcp-tasks/wire';

/** A registered workflow, as an adapter that serves it sees it. */
export interface Workflow {
  /** Also the name of the prompt and of the companion tool. */
  readonly name: string;
  readonly title?: string | undefined;
  readonly description: string;
  readonly icons?: ToolOptions['icons'];
  readonly _meta?: Readonly<Record<string, unknown>> | undefined;
  /** An object schema of the prompt's arguments; absent = it takes none. */
  readonly argumentsSchema?: AuthorSchema | undefined;
  /** False: each invocation runs inside its request, and nothing is stored. */
  readonly durable: boolean;
}

/** One message of the conversation that a prompt answers with. @see 2025-11-25, Prompts, "PromptMessage" */
export interface PromptMessage {
  readonly role: 'user' | 'assistant';
  readonly content: { readonly type: 'text'; readonly text: string };
}

/** A workflow task as it stands. Conversation and `meta` are made from one structure and say the same. */
export interface WorkflowView {
  readonly head: TaskHead;
  readonly meta: WorkflowMeta;
  /** The workflow's description. */
  readonly description: string;
  /** The conversation, with the hand-off as its last message when something remains for the client. */
  readonly messages: readonly PromptMessage[];
  /** The hand-off alone; absent when nothing remains for the client. */
  readonly handOff?: string | undefined;
  /**
   * How a model waits for what comes, when nothing remains for the client and the task is not over; absent without a
   * tool that continues.
   */
  readonly waiting?: string | undefined;
}

/** How the hand-off tells its reader to continue. */
export interface HandOffOptions {
  /**
   * Name of the tool that continues by model: the text names it and the task. `undefined`: there is none, and the text
   * has no task id.
   */
  readonly continueTool: string | undefined;
}

/** A call that a client made, or is about to make, to continue a workflow task. */
export interface ContinuationCall {
  /** Names the call: what it came to is recorded at most once. */
  readonly callId: string;
  /** The step that the call is for; absent = the first that fits tool and arguments. */
  readonly step?: string | undefined;
  /** Absent when no tool is called: the arguments are the outcome. */
  readonly tool?: string | undefined;
  readonly arguments: JsonObject;
}

/** The outcome of a call; `thrown` is what its handler threw, for `StepError`. */
export type RecordedOutcome =
  | { readonly result: CallToolResult; readonly thrown?: unknown }
  | { readonly error: { readonly code: number; readonly message: string } };

/** The step as which a call would be recorded. */
export interface ContinuationMatch {
  /** The step and the number of its attempt; absent when the call fits none. */
  readonly step?: WorkflowStepInfo | undefined;
  /** False: the task cannot be continued (unknown, foreign, over, expired), and nothing will be recorded. */
  readonly isLive: boolean;
}

/** Result of recording a call: the task as it stands after it, or why the task cannot be continued. */
export type Recorded = WorkflowMeta | { readonly warning: string };

/** The call by which `continue_workflow` does a step. */
export interface StepCall {
  /** Absent: the step calls no tool. */
  readonly tool?: string | undefined;
  /** The arguments that are known. */
  readonly arguments: JsonObject;
}

/**
 * Serves the workflows of a task layer. For adapters such as `@mcp-tasks/server`.
 *
 * A task of another owner, an expired task and a task without a workflow look like a missing one, everywhere.
 */
export interface WorkflowEngine {
  /** Store a task for the workflow `call.tool` and submit its run. @throws {TaskError} as `Tasks.startTask` */
  create(call: ToolCall): Promise<TaskHead>;
  /**
   * Let a task of this workflow go on, if something of it is ready to run; harmless when nothing is.
   *
   * @param args - the prompt's arguments; `undefined` or empty when they were not sent again.
   * @throws {TaskError} TASK_NOT_FOUND - also for a task of another workflow; INVALID_ARGUMENTS - `args` are not those
   * of the task.
   */
  resume(owner: string, taskId: string, workflow: string, args: JsonObject | undefined): Promise<TaskHead>;
  /** Read a task. @throws {TaskError} TASK_NOT_FOUND, WORKFLOW_INCOMPATIBLE */
  view(owner: string, taskId: string, options: HandOffOptions): Promise<WorkflowView>;
  /**
   * The view of a record that was read with {@link WORKFLOW_ENTRY_KINDS}.
   *
   * @throws {TaskError} TASK_NOT_FOUND - it is not the task of a workflow; WORKFLOW_INCOMPATIBLE - a newer version
   * wrote its plan.
   */
  viewOf(record: TaskRecord, options: HandOffOptions): WorkflowView;
  /**
   * Run a workflow inside a request, over a private record: the same engine, the same conversation.
   *
   * @throws as `Tasks.runInline`
   */
  runPlain(call: ToolCall, host: InlineHost): Promise<Pick<WorkflowView, 'description' | 'messages'>>;
  /** Which step a call would be recorded as. Throws when the store fails only. */
  match(owner: string, taskId: string, call: ContinuationCall): Promise<ContinuationMatch>;
  /**
   * Record what a call came to, before its answer goes out. Of several recordings under one `callId` the first counts,
   * and the others get the same answer. The server's steps that became possible run on; the answer does not wait for
   * them.
   *
   * Throws when the store fails only, never for a task that cannot be continued.
   */
  record(owner: string, taskId: string, call: ContinuationCall, outcome: RecordedOutcome): Promise<Recorded>;
  /** The call that does a step; `undefined` when the task or the step cannot be continued. */
  stepOf(owner: string, taskId: string, step: string): Promise<StepCall | undefined>;
  /**
   * Complete a task with a result that the client supplies; `_meta` of the result says so.
   *
   * @throws {TaskError} TASK_NOT_FOUND; TASK_ALREADY_TERMINAL; TASK_INVALID_TRANSITION - the server is running a step;
   *   RESULT_TOO_LARGE.
   */
  completeByClient(owner: string, taskId: string, result: CallToolResult): Promise<TaskHead>;
}
