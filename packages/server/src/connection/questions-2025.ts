import { randomUUID } from 'node:crypto';
import type { OwnerTasks } from '@mcp-tasks/runner';
import { TaskError } from '@mcp-tasks/store';
import { type InputRequest, type InputResponse, relatedTaskMeta } from '@mcp-tasks/wire';
import type { JSONRPCRequest, JSONRPCResponse } from '@modelcontextprotocol/server';
import { authorizeTask } from '../request/authorize-access.ts';
import type { OwnerContext } from '../request/owner.ts';
import type { TaskHost } from '../request/task-host.ts';
import { readOpenQuestions } from '../show/entries.ts';

/**
 * A question goes to a 2025-11-25 client as a request whose id says by itself which question it is, so that the answer
 * is understood by every process and connection that it comes back to: nothing waits for it in memory.
 */
const QUESTION_ID = /^mcp-tasks\/[^/]+\/([^/]+)\/(.*)$/su;

/** The request that asks a question of a task, with an id that was never used before. */
export function questionRequest(taskId: string, key: string, question: InputRequest): JSONRPCRequest {
  return {
    jsonrpc: '2.0',
    id: `mcp-tasks/${randomUUID()}/${taskId}/${key}`,
    method: question.method,
    params: { ...question.params, _meta: relatedTaskMeta(taskId) },
  };
}

/** Which question of which task. */
export interface QuestionName {
  readonly taskId: string;
  readonly key: string;
}

/** The question that a response answers; undefined when it answers something else. */
export function answeredQuestion(id: unknown): QuestionName | undefined {
  const [, taskId, key] = QUESTION_ID.exec(typeof id === 'string' ? id : '') ?? [];
  return taskId === undefined || key === undefined ? undefined : { taskId, key };
}

/**
 * Hand a client's response to the task that it answers, if the task is this caller's.
 *
 * A response has no answer of its own, so most of what can be wrong goes unsaid: an answer to a foreign, unknown or
 * finished task or to a question that is not open is ignored. A client that answers a form with an error could not show
 * it: the form is cancelled.
 *
 * @throws {TaskError} TASK_ANSWER_INVALID - the answer does not fit, the question stays open; STORE_UNAVAILABLE
 */
export async function acceptAnswer(host: TaskHost, response: JSONRPCResponse, context: OwnerContext): Promise<void> {
  const question = answeredQuestion(response.id);
  const owner = host.ownerOf(context);
  if (question === undefined || owner.kind === 'refused') return;
  const tasks = host.tasks.for(owner.owner);
  await authorizeTask(host, { owner, context, taskId: question.taskId, via: 'answer' });
  try {
    const answer = 'result' in response ? response.result : await answerToError(tasks, question);
    if (answer !== undefined)
      await tasks.answer(question.taskId, { [question.key]: answer as unknown as InputResponse });
  } catch (error) {
    if (!TaskError.is(error, 'TASK_NOT_FOUND')) throw error;
  }
}

async function answerToError(tasks: OwnerTasks, { taskId, key }: QuestionName): Promise<InputResponse | undefined> {
  const record = await tasks.get(taskId, ['question']);
  const open = readOpenQuestions(record);
  const isForm = Object.hasOwn(open, key) && open[key]?.method === 'elicitation/create';
  return isForm ? { action: 'cancel' } : undefined;
}
