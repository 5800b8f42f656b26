import type { CallToolResult, JsonObject } from '@mcp-tasks/wire';
import { fieldsOf } from '../request/task-request.ts';
import type { DrivenCall, Driver, StartedCall } from './driver.ts';

/** Open a 2025-11-25 connection. */
export async function initialize2025(driver: Driver, capabilities: JsonObject): Promise<void> {
  const clientInfo = { name: 'test', version: '0.0.0' };
  await driver.request('initialize', { protocolVersion: '2025-11-25', capabilities, clientInfo });
  await driver.wire.notify('notifications/initialized', {});
}

/** Call a tool: as a task if it says that it can be one. */
export async function startTool2025(driver: Driver, { name, args, ttlMs, meta }: DrivenCall): Promise<StartedCall> {
  const ttl = ttlMs === undefined ? {} : { ttl: ttlMs };
  const result = await driver.request('tools/call', {
    name,
    arguments: args,
    ...((await runsAsTask(driver, name)) && { task: ttl }),
    ...(meta !== undefined && { _meta: meta }),
  });
  const { taskId } = fieldsOf(result['task']);
  return typeof taskId === 'string' ? { taskId } : { result: result as unknown as CallToolResult };
}

/** Call a tool and wait for `tasks/result`, on which its questions come. */
export async function callTool2025(driver: Driver, call: DrivenCall): Promise<CallToolResult> {
  const started = await startTool2025(driver, call);
  if ('result' in started) return started.result;
  return (await driver.request('tasks/result', { taskId: started.taskId })) as unknown as CallToolResult;
}

async function runsAsTask(driver: Driver, name: string): Promise<boolean> {
  const { tools } = await driver.request('tools/list', {});
  const tool = (tools as readonly JsonObject[]).find((candidate) => candidate['name'] === name);
  const { taskSupport } = fieldsOf(tool?.['execution']);
  return taskSupport === 'optional' || taskSupport === 'required';
}
