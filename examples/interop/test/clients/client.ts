import { WORKFLOW_META_KEY, type WorkflowMeta, WorkflowMetaSchema } from '@mcp-tasks/wire';

/** Where a client finds the server. */
export type Endpoint =
  | { readonly kind: 'http'; readonly url: string; readonly token: string }
  | { readonly kind: 'stdio'; readonly command: string; readonly args: string[]; readonly env: Record<string, string> };

/** How a call ended, told alike for every client. */
export interface Ended {
  readonly asTask: boolean;
  readonly status: 'completed' | 'failed' | 'cancelled';
  /** First text of the result, where the client shows a result. */
  readonly text?: string | undefined;
  readonly structured?: unknown;
  readonly isError?: boolean | undefined;
  /** JSON-RPC error of a failed task, as far as the client shows it. */
  readonly code?: number | undefined;
  readonly message?: string | undefined;
}

/** A task that runs. */
export interface StartedTask {
  readonly taskId: string;
  readonly ended: Promise<Ended>;
  cancel(): Promise<void>;
}

/** A connected client with the features that the flows need. Questions are answered by {@link answerTo}. */
export interface InteropClient {
  /** Call the tool the way the client thinks right: as a task wherever the tool allows it. */
  call(tool: string, args?: Record<string, string | number>): Promise<Ended>;
  start(tool: string, args: Record<string, string | number>): Promise<StartedTask>;
  /** Call a tool as a client that cannot make a task of it. @returns the code of the JSON-RPC error */
  callWithoutTask(tool: string): Promise<number>;
  /** Ids of every page of `tasks/list`. */
  listTaskIds(): Promise<string[][]>;
  /** Get the prompt of a workflow: begin one, or resume the one that `_meta` names. */
  getPrompt(workflow: string, args: Record<string, string> | undefined, _meta: Meta): Promise<HandedOver>;
  /** Call a tool inside its request. */
  callInline(tool: string, args: Record<string, unknown>, _meta: Meta): Promise<Continued>;
  /** Wait for the end of a task that something else than a call of this client began. */
  follow(taskId: string): Promise<Ended>;
  close(): Promise<void>;
}

/** `_meta` of a request. */
type Meta = Record<string, unknown>;

/** What a workflow's prompt answers with. */
export interface HandedOver {
  readonly workflow: WorkflowMeta;
  /** Last message of the conversation. */
  readonly text: string;
}

/** What a call answers with that belongs to a workflow. */
export interface Continued {
  readonly workflow: WorkflowMeta;
  readonly structured: unknown;
}

/** Read the answer of a workflow's prompt. */
export function handedOver(answer: object): HandedOver {
  const { messages } = answer as { messages: readonly { content: { text?: string } }[] };
  return { workflow: workflowOf(answer), text: messages.at(-1)?.content.text ?? '' };
}

/** Read the answer of a call that belongs to a workflow. */
export function continued(answer: object): Continued {
  return { workflow: workflowOf(answer), structured: partsOf(answer).structured };
}

function workflowOf(answer: object): WorkflowMeta {
  return WorkflowMetaSchema.parse((answer as { _meta?: Meta })._meta?.[WORKFLOW_META_KEY]);
}

/** What the person behind the client fills in, by the form's message. */
const ANSWERS: Readonly<Record<string, Record<string, string | boolean>>> = {
  'Delete notes.txt?': { confirm: true },
  'What is your name?': { name: 'Ada' },
  'Who is with you?': { name: 'Grace' },
};

/** What the model behind the client says. */
export const JOKE = 'Why did the task cross the road? It was cancelled.';

/** The content for a form; fails the flow when the server asks something unexpected. */
export function answerTo(message: unknown): Record<string, string | boolean> {
  const answer = typeof message === 'string' ? ANSWERS[message] : undefined;
  if (answer === undefined) throw new Error(`unexpected question: ${String(message)}`);
  return answer;
}

/** The parts of a tool result that flows look at; each client has a type of its own for it. */
export function partsOf(result: object): Pick<Ended, 'text' | 'structured' | 'isError'> {
  const { content, structuredContent, isError } = result as {
    content?: readonly { text?: string }[];
    structuredContent?: unknown;
    isError?: boolean;
  };
  return { text: content?.[0]?.text, structured: structuredContent, isError: isError ?? false };
}
