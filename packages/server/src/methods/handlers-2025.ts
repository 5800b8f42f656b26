import { sharesOf } from '@mcp-tasks/runner/engine';
import { TaskError, type TaskRecord } from '@mcp-tasks/store';
import {
  type CallToolResult,
  isTerminalStatus,
  type JsonRpcError,
  type ProgressToken,
  ProtocolFailure,
} from '@mcp-tasks/wire';
import type { CallToolResult as SdkCallToolResult } from '@modelcontextprotocol/server';
import { authExpired, whenExpired } from '../request/expiry.ts';
import { fieldsOf, readTaskId } from '../request/task-request.ts';
import { publishedTask2025, task2025, taskResult2025 } from '../show/codec-2025.ts';
import { readEntry, readOpenQuestions } from '../show/entries.ts';
import { completeByCancel } from '../workflow/serving/complete-by-cancel.ts';
import { readShownTask, withWorkflowMeta } from '../workflow/serving/task-meta.ts';
import type { TaskHandler, TaskHandlerInput } from './task-handler.ts';

/** The task methods of 2025-11-25. @see 2025-11-25, Tasks, "Protocol Messages" */
export const HANDLERS_2025: Readonly<Record<string, TaskHandler>> = {
  'tasks/get': getTask,
  'tasks/result': taskResult,
  'tasks/list': listTasks,
  'tasks/cancel': cancelTask,
};

async function getTask(input: TaskHandlerInput): Promise<object> {
  const { record, workflowMeta } = await readShownTask(input, readTaskId(input.request.params), [
    'published',
    'question',
  ]);
  if (isTerminalStatus(record.head.status)) input.connection.forget(record.head.taskId);
  else await askAgain(input, record);
  return withWorkflowMeta(publishedTask2025(record), workflowMeta);
}

/**
 * Ask what is open on the stream that carries the answer: there are clients that never open `tasks/result` before the
 * task is over.
 *
 * @see 2025-11-25, Tasks, "Input Required Status"
 */
async function askAgain({ connection, request, pending }: TaskHandlerInput, record: TaskRecord): Promise<void> {
  const { taskId, pollIntervalMs } = record.head;
  for (const [key, question] of Object.entries(readOpenQuestions(record))) {
    const mayAsk = request.isTwoWay
      ? !connection.hasAsked(taskId, key)
      : connection.host.pacing.mayAsk(taskId, key, pollIntervalMs);
    if (mayAsk) await connection.ask(pending.id, { taskId, key, request: question });
  }
}

async function taskResult(input: TaskHandlerInput): Promise<object> {
  const { tasks, request, connection } = input;
  const taskId = readTaskId(request.params);
  let record = await tasks.get(taskId, ['result', 'error']);
  if (!isTerminalStatus(record.head.status)) {
    await untilOver(input, taskId);
    record = await tasks.get(taskId, ['result', 'error']);
  }
  connection.forget(taskId);
  switch (record.head.status) {
    case 'completed':
      return taskResult2025(taskId, asAnsweredInline(input, record));
    case 'failed': {
      const { code, message, data } = readEntry(record, 'error') as JsonRpcError;
      throw new ProtocolFailure(code, message, data);
    }
    case 'cancelled':
    case 'working':
    case 'input_required':
      throw new TaskError('TASK_CANCELLED', `Task ${taskId} was cancelled.`, { details: { taskId } });
  }
}

/** Wait until the task is over or gone; meanwhile the request's stream carries questions, progress and status. */
async function untilOver(input: TaskHandlerInput, taskId: string): Promise<void> {
  const { owner, kind } = input.request.owner;
  const leave = sharesOf(input.connection.host.tasks).take('maxWaitingResults', { owner, isCommon: kind !== 'owner' });
  try {
    await waitOnStream(input, taskId);
  } finally {
    leave();
  }
}

async function waitOnStream({ tasks, connection, request, pending }: TaskHandlerInput, taskId: string): Promise<void> {
  const record = await tasks.get(taskId, ['call']);
  const { progressToken } = fieldsOf(readEntry(record, 'call'));
  const relay = connection.relay({
    tasks,
    head: record.head,
    progressToken: progressToken as ProgressToken | undefined,
    isStandalone: false,
  });
  const ended = new AbortController();
  const expired = new AbortController();
  const signal = AbortSignal.any([ended.signal, expired.signal, pending.signal]);
  const stopTimer = whenExpired(connection.clock, request.context.authInfo, () => {
    expired.abort();
  });
  // The relay ends after it told all else; this one when the client no longer waits, or the task layer is closed.
  const gaveUp = tasks
    .waitFor(taskId, () => false, { signal })
    .catch((error: unknown) => {
      if (expired.signal.aborted) throw authExpired();
      throw signal.aborted ? new TaskError('RUN_ENDED', 'The client no longer waits for the answer.') : error;
    });
  try {
    await Promise.race([relay.stream(pending.id), gaveUp]);
  } finally {
    stopTimer();
    ended.abort();
    relay.leave(pending.id);
  }
}

/** The SDK's result for an inline call of this tool, which differs where a 2025-11-25 client cannot read the tool's. */
function asAnsweredInline({ mcp, registered }: TaskHandlerInput, record: TaskRecord): CallToolResult {
  const result = readEntry(record, 'result') as SdkCallToolResult;
  const { outputSchemaJson } = registered.get(record.head.handler) ?? {};
  return mcp.server.projectCallToolResult(result, outputSchemaJson) as CallToolResult;
}

async function listTasks({ tasks, request }: TaskHandlerInput): Promise<object> {
  const { cursor } = request.params;
  if (cursor !== undefined && typeof cursor !== 'string')
    throw new TaskError('INVALID_CURSOR', 'cursor must be a string.');
  const { heads, nextCursor } = await tasks.list({ cursor });
  return { tasks: heads.map(task2025), ...(nextCursor !== undefined && { nextCursor }) };
}

async function cancelTask({ tasks, request, connection, workflows }: TaskHandlerInput): Promise<object> {
  const taskId = readTaskId(request.params);
  const { head: before, entries } = await tasks.get(taskId, ['published']);
  const head = (await completeByCancel(workflows, request, before)) ?? (await tasks.cancel(taskId));
  connection.forget(taskId);
  return publishedTask2025({ head, entries });
}
