import { WORKFLOW_META_KEY, type WorkflowMeta, WorkflowMetaSchema } from '@mcp-tasks/wire';
import { expect } from 'vitest';
import {
  type Caller,
  callerOf,
  type Generation,
  type Params,
  serverOf,
  type WireError,
  type WireResult,
} from './raw-client.ts';
import { Conversation } from './stdio-conversation.ts';

const NO_RESULT = {} as WireResult;
const POLL_MS = 20;

/** A server seen by one client of one generation over one transport. */
export interface Talk {
  readonly generation: Generation;
  request(
    method: string,
    params?: Params,
  ): Promise<{ readonly result: WireResult; readonly error: WireError | undefined }>;
}

type Environment = Readonly<Record<string, string>>;

/** Every generation over every transport. */
export const TALKS: readonly { readonly title: string; readonly open: (environment?: Environment) => Promise<Talk> }[] =
  [
    { title: '2025-11-25 over HTTP', open: (environment) => overHttp(2025, environment) },
    { title: '2026-07-28 over HTTP', open: (environment) => overHttp(2026, environment) },
    { title: '2025-11-25 over stdio', open: (environment) => overStdio(2025, environment) },
    { title: '2026-07-28 over stdio', open: (environment) => overStdio(2026, environment) },
  ];

async function overHttp(generation: Generation, environment?: Environment): Promise<Caller> {
  return callerOf(generation, (await serverOf(environment)).url);
}

async function overStdio(generation: Generation, environment?: Environment): Promise<Talk> {
  const conversation = new Conversation(environment);
  if (generation === 2025) await conversation.initialize();
  else await conversation.modern('server/discover');
  return {
    generation,
    async request(method, params = {}) {
      const isModern = generation === 2026;
      const answer = await (isModern ? conversation.modern(method, params) : conversation.request(method, params));
      const { result = NO_RESULT, error } = answer;
      return { result, error };
    },
  };
}

/** What an answer says of the workflow that it belongs to; fails unless that has the form which wire gives it. */
export function workflowMetaOf({ _meta }: WireResult): WorkflowMeta {
  return WorkflowMetaSchema.parse(_meta[WORKFLOW_META_KEY]);
}

/** A prompt's answer: the workflow, and the conversation with the hand-off as its last text. */
export interface Prompted {
  readonly meta: WorkflowMeta;
  readonly result: WireResult;
  readonly handOff: string;
}

/** Get a prompt of a workflow. */
export async function getPrompt(
  talk: Talk,
  name: string,
  args: Params | undefined,
  _meta: Params = {},
): Promise<Prompted> {
  const { result, error } = await talk.request('prompts/get', { name, ...(args && { arguments: args }), _meta });
  expect(error).toBeUndefined();
  const last = result.messages.at(-1);
  expect(last?.role).toBe('assistant');
  return { meta: workflowMetaOf(result), result, handOff: last?.content.text ?? '' };
}

/** Call a tool as a part of a workflow. */
export async function callFor(
  talk: Talk,
  reference: { readonly taskId: string; readonly step?: string; readonly callId?: string },
  tool: string,
  args: Params,
): Promise<{ readonly result: WireResult; readonly meta: WorkflowMeta }> {
  const { result, error } = await talk.request('tools/call', {
    name: tool,
    arguments: args,
    _meta: { [WORKFLOW_META_KEY]: reference },
  });
  expect(error).toBeUndefined();
  return { result, meta: workflowMetaOf(result) };
}

/** Poll a workflow until a condition holds. */
export async function pollWorkflow(
  talk: Talk,
  taskId: string,
  holds: (meta: WorkflowMeta) => boolean,
): Promise<WorkflowMeta> {
  for (;;) {
    const { result, error } = await talk.request('tasks/get', { taskId });
    expect(error).toBeUndefined();
    const meta = workflowMetaOf(result);
    if (holds(meta)) return meta;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** The status of each step by its name, in the order of the plan. */
export function statuses({ steps }: WorkflowMeta): Readonly<Record<string, string>> {
  return Object.fromEntries(steps.map(({ name, status }) => [name, status]));
}

/** A condition for {@link pollWorkflow}: the step has this status. */
export function stepIs(step: string, status: string): (meta: WorkflowMeta) => boolean {
  return (meta) => statuses(meta)[step] === status;
}

/** The result of a finished task, as its generation asks for it. */
export async function resultOf(talk: Talk, taskId: string): Promise<WireResult> {
  if (talk.generation === 2025) return (await talk.request('tasks/result', { taskId })).result;
  return (await talk.request('tasks/get', { taskId })).result.result;
}
