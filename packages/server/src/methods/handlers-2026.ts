import { TaskError } from '@mcp-tasks/store';
import { type InputResponse, isJsonObject } from '@mcp-tasks/wire';
import { authorizeTask } from '../request/authorize-access.ts';
import {
  declaresTasksExtension,
  requireInputCapabilities,
  tasksExtensionRequired,
} from '../request/client-capabilities.ts';
import { readTaskId } from '../request/task-request.ts';
import { DETAILED_TASK_KINDS, detailedTask } from '../show/codec-2026.ts';
import { readShownTask, withWorkflowMeta } from '../workflow/serving/task-meta.ts';
import type { TaskHandler, TaskHandlerInput } from './task-handler.ts';

/** The methods of the tasks extension. @see SEP-2663, "Supported Methods" and following */
export const HANDLERS_2026: Readonly<Record<string, TaskHandler>> = {
  'tasks/get': ofDeclaring(getTask),
  'tasks/update': ofDeclaring(updateTask),
  'tasks/cancel': ofDeclaring(cancelTask),
};

/** A request that does not declare the extension learns nothing of any task. @see SEP-2663, "Protocol Errors" */
function ofDeclaring(handler: TaskHandler): TaskHandler {
  return (input) => {
    if (!declaresTasksExtension(input.request.clientCapabilities)) throw tasksExtensionRequired();
    return handler(input);
  };
}

async function getTask(input: TaskHandlerInput): Promise<object> {
  const { request } = input;
  const { record, workflowMeta } = await readShownTask(input, readTaskId(request.params), DETAILED_TASK_KINDS);
  const task = detailedTask(record);
  if (task.status === 'completed' || task.status === 'failed') {
    const { owner, context } = request;
    const { taskId } = record.head;
    await authorizeTask(input.connection.host, { owner, context, taskId, via: 'result' });
  }
  if (task.status === 'input_required') {
    requireInputCapabilities(Object.values(task.inputRequests), request.clientCapabilities);
  }
  return { resultType: 'complete', ...withWorkflowMeta(task, workflowMeta) };
}

async function updateTask({ tasks, request }: TaskHandlerInput): Promise<object> {
  const taskId = readTaskId(request.params);
  const { inputResponses } = request.params;
  if (!isJsonObject(inputResponses)) throw new TaskError('INVALID_ARGUMENTS', 'inputResponses must be an object.');
  await tasks.answer(taskId, inputResponses as Readonly<Record<string, InputResponse>>);
  return { resultType: 'complete' };
}

async function cancelTask({ tasks, request }: TaskHandlerInput): Promise<object> {
  try {
    await tasks.cancel(readTaskId(request.params));
  } catch (error) {
    if (!TaskError.is(error, 'TASK_ALREADY_TERMINAL')) throw error;
  }
  return { resultType: 'complete' };
}
