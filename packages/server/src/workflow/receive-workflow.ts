import { TaskError } from '@mcp-tasks/store';
import { cutUtf8 } from '@mcp-tasks/store/rules';
import { isJsonObject, TASK_METHODS, type WorkflowRequestMeta } from '@mcp-tasks/wire';
import type { JSONRPCRequest } from '@modelcontextprotocol/server';
import type { TaskSlot } from '../connection/connection.ts';
import { type Fields, fieldsOf, type TaskRequest } from '../request/task-request.ts';
import { ContinuedCall } from './continue/continued-call.ts';
import { readWorkflowReference } from './serving/workflow-reference.ts';
import type { WorkflowServing } from './serving/workflow-serving.ts';

const GET_PROMPT = 'prompts/get';
const MAX_NAMES_BYTES = 1024;

/** Relation of a request to workflows. */
export interface WorkflowConcern {
  /**
   * The task that a `tools/call` continues; undefined = what is registered for workflows reads for itself what it is to
   * do.
   */
  readonly continues: WorkflowRequestMeta | 'malformed' | undefined;
  /** Refuses what the SDK has no good answer to. */
  check?(params: Fields): void;
}

/** Find the relation of a request to workflows; undefined for most. */
export function workflowConcern(
  { workflows, settings }: WorkflowServing,
  { method, params }: JSONRPCRequest,
): WorkflowConcern | undefined {
  const { name } = fieldsOf(params);
  if (method === GET_PROMPT && workflows.has(name as string)) {
    return { continues: undefined, check: checkPromptArguments };
  }
  if (method !== TASK_METHODS.CALL_TOOL) return undefined;
  if (name !== undefined && name === settings.continueTool) return { continues: undefined };
  const continues = readWorkflowReference(params);
  return continues === undefined ? undefined : { continues };
}

/**
 * The slot of a request for what the SDK alone knows: a prompt, the tool to continue by, a tool of the server's own.
 *
 * @throws {TaskError} INVALID_ARGUMENTS - names the arguments of a prompt that are not strings.
 */
export function workflowSlot(serving: WorkflowServing, request: TaskRequest, concern: WorkflowConcern): TaskSlot {
  const { continues } = concern;
  concern.check?.(request.params);
  if (continues === undefined) return { request };
  const continued = new ContinuedCall(serving, request, continues);
  return { request, rewrite: (response) => continued.finish(response) };
}

/**
 * Prompt arguments are strings in both generations; the SDK calls others a fault of its own. @see 2025-11-25, Prompts,
 * "Getting a Prompt"
 */
function checkPromptArguments({ arguments: args = {} }: Fields): void {
  if (!isJsonObject(args)) throw new TaskError('INVALID_ARGUMENTS', 'arguments must be an object.');
  const illTyped = Object.keys(args).filter((name) => typeof args[name] !== 'string');
  if (illTyped.length === 0) return;
  const names = cutUtf8(illTyped.map((name) => `"${name}"`).join(', '), MAX_NAMES_BYTES);
  throw new TaskError('INVALID_ARGUMENTS', `Arguments of a prompt must be strings: ${names}.`);
}
