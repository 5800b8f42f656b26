import { randomUUID } from 'node:crypto';
import { TaskError } from '@mcp-tasks/store';
import { type InputRequest, type InputResponse, relatedTaskMeta } from '@mcp-tasks/wire';
import type { JSONRPCRequest, JSONRPCResponse } from '@modelcontextprotocol/server';
import { authorizeTask } from '../request/authorize-access.ts';
import type { OwnerContext } from '../request/owner.ts';
import { params2025 } from '../request/params-2025.ts';
import type { TaskHost } from '../request/task-host.ts';

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
    params: { ...params2025(question, `${taskId}/${key}`), _meta: relatedTaskMeta(taskId) },
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
 * finished task or to a question that is not open is ignored. A question that the client answers with an error is
 * closed, and rejects in the handler.
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
    if ('result' in response) {
      await tasks.answer(question.taskId, { [question.key]: response.result as unknown as InputResponse });
    } else {
      await tasks.refuse(question.taskId, question.key, response.error);
    }
  } catch (error) {
    if (!TaskError.is(error, 'TASK_NOT_FOUND')) throw error;
  }
}
