import type { InlineHost, Tasks, ToolCall } from '@mcp-tasks/runner';
import { runCall } from '@mcp-tasks/runner/engine';
import { TaskError } from '@mcp-tasks/store';
import { ProtocolFailure } from '@mcp-tasks/wire';
import type { PromptMessage } from '../api/workflow-engine.ts';
import { definitionsOf } from '../definition/registered.ts';
import { viewOf } from '../hand-off/view.ts';
import { stateNow } from './workflow-task.ts';

/** Run a workflow inside its request: the record is private, and the conversation is made of it. */
export async function runPlain(
  tasks: Tasks,
  call: ToolCall,
  host: InlineHost,
): Promise<{ readonly description: string; readonly messages: readonly PromptMessage[] }> {
  const definition = definitionsOf(tasks).get(call.tool);
  if (definition === undefined) throw new TaskError('TOOL_NOT_FOUND', `Workflow "${call.tool}" not found.`);
  const outcome = await runCall(tasks, call, host);
  if (outcome.kind === 'error') {
    const { code, message, data } = outcome.error;
    throw new ProtocolFailure(code, message, data);
  }
  const { record } = outcome;
  if (record === undefined) throw new TaskError('RUN_ENDED', `Workflow "${call.tool}" ended before it began.`);
  const context = stateNow({ definition, record, arguments: {} });
  const { description, messages } = viewOf(record.head, context, { kind: 'nothing-stored' });
  return { description, messages };
}
