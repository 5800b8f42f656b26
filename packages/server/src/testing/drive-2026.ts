import { TaskError } from '@mcp-tasks/store';
import {
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  type GetTaskResult2026,
  type InputRequest,
  type InputResponse,
  isTerminalStatus,
  type JsonObject,
  ProtocolFailure,
  TASKS_EXTENSION_CAPABILITY_2026,
} from '@mcp-tasks/wire';
import { CLIENT_INFO_META_KEY, PROTOCOL_VERSION_META_KEY } from '@modelcontextprotocol/server';
import type { DrivenCall, Driver, StartedCall } from './driver.ts';

/** The envelope of every 2026-07-28 request in `_meta`. */
export function envelope2026(capabilities: JsonObject, withTasks: boolean): (params: JsonObject) => JsonObject {
  const envelope = {
    [PROTOCOL_VERSION_META_KEY]: '2026-07-28',
    [CLIENT_INFO_META_KEY]: { name: 'test', version: '0.0.0' },
    [CLIENT_CAPABILITIES_META_KEY]: withTasks
      ? { ...capabilities, extensions: TASKS_EXTENSION_CAPABILITY_2026 }
      : capabilities,
  };
  return (params) => ({ ...params, _meta: { ...(params['_meta'] as JsonObject | undefined), ...envelope } });
}

/** Call a tool; what it asks before its work is answered by calling it again. */
export async function startTool2026(driver: Driver, { name, args, meta }: DrivenCall): Promise<StartedCall> {
  const params = { name, arguments: args, ...(meta !== undefined && { _meta: meta }) };
  let result = await driver.request('tools/call', params);
  while (result['resultType'] === 'input_required') {
    const { inputRequests, requestState } = result;
    const inputResponses = await answers(driver, inputRequests as unknown as Record<string, InputRequest>);
    result = await driver.request('tools/call', {
      ...params,
      inputResponses,
      ...(requestState !== undefined && { requestState }),
    });
  }
  if (result['resultType'] === 'task') return { taskId: result['taskId'] as string };
  return { result: result as unknown as CallToolResult };
}

/**
 * Call a tool and follow its task: each change that `subscriptions/listen` tells of is looked up, each question
 * answered.
 */
export async function callTool2026(driver: Driver, call: DrivenCall): Promise<CallToolResult> {
  const started = await startTool2026(driver, call);
  if ('result' in started) return started.result;
  const { taskId } = started;
  const changes = watchTask(driver, taskId);
  const answered = new Set<string>();
  try {
    for (;;) {
      await changes.next();
      const task = (await driver.request('tasks/get', { taskId })) as unknown as GetTaskResult2026;
      if (task.status === 'completed') return task.result as unknown as CallToolResult;
      if (task.status === 'failed') throw new ProtocolFailure(task.error.code, task.error.message, task.error.data);
      if (isTerminalStatus(task.status)) throw new TaskError('TASK_CANCELLED', `Task ${taskId} was cancelled.`);
      if (task.status !== 'input_required') continue;
      const open = Object.entries(task.inputRequests).filter(([key]) => !answered.has(key));
      for (const [key] of open) answered.add(key);
      const inputResponses = await answers(driver, Object.fromEntries(open) as unknown as Record<string, InputRequest>);
      if (open.length > 0) await driver.request('tasks/update', { taskId, inputResponses });
    }
  } finally {
    changes.stop();
  }
}

/** The changes of a task, the state of now being the first; several that come at once count as one. */
function watchTask(driver: Driver, taskId: string): { next(): Promise<void>; stop(): void } {
  let hasChanged = true;
  let wake = (): void => undefined;
  const note = (): void => {
    hasChanged = true;
    wake();
  };
  const stop = driver.wire.listen(({ method, params }) => {
    if (method === 'notifications/tasks' && params['taskId'] === taskId) note();
  });
  // Answered when the stream ends, which is when the task is over.
  driver.request('subscriptions/listen', { notifications: { taskIds: [taskId] } }).then(note, note);
  return {
    async next() {
      if (!hasChanged) await new Promise<void>((resolve) => (wake = resolve));
      hasChanged = false;
    },
    stop,
  };
}

async function answers(
  driver: Driver,
  questions: Readonly<Record<string, InputRequest>>,
): Promise<Record<string, InputResponse>> {
  const entries = Object.entries(questions).map(
    async ([key, question]) => [key, await driver.answer(question)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}
