/**
 * The life of one `tools/call` of a task tool. The SDK validates the call and calls the tool back; the callback gives
 * the SDK a placeholder and leaves the real answer here, since the SDK knows no task handle. When the SDK answers, the
 * slot's answer goes out instead, in the shape of the client's generation.
 */
import type { TaskTool } from '@mcp-tasks/runner';
import { TaskError, type TaskHead } from '@mcp-tasks/store';
import { type CallToolResult, type JsonRpcError } from '@mcp-tasks/wire';
import type { JSONRPCResponse, Result } from '@modelcontextprotocol/server';
import { withMeta } from '../connection/checked-envelope.ts';
import type { TaskConnection, TaskSlot } from '../connection/connection.ts';
import { type CallMeta, readCallMeta } from '../request/call-meta.ts';
import { declaresTasksExtension } from '../request/client-capabilities.ts';
import { isFault, toErrorObject } from '../request/errors.ts';
import { readRequestedTtlMs, type TaskRequest } from '../request/task-request.ts';
import { createTaskResult2025 } from '../show/codec-2025.ts';
import { createTaskResult2026 } from '../show/codec-2026.ts';
import type { WorkflowCall } from '../workflow/workflow-call.ts';
import { callMode } from './call-mode.ts';

/** How a call of a task tool is served. */
export type CallPlan =
  | { readonly mode: 'task' | 'inline'; readonly meta: CallMeta; readonly requestedTtlMs: number | undefined }
  | { readonly mode: 'refuse'; readonly error: unknown };

/**
 * All that the SDK says of arguments for whose depth a tool's recursive schema has no stack: the words of the engine.
 */
const STACK_OVERFLOW = 'Maximum call stack size exceeded';

/** The answer that the tool's callback leaves in the slot. */
type SlotAnswer = { readonly result: object } | { readonly error: JsonRpcError };

/**
 * The slot of a call of a task tool. The SDK handles the call as that of any tool, arguments and all; the callback
 * leaves the real outcome here, and the answer carries it in the place of what the SDK made of the placeholder.
 */
export class CallSlot implements TaskSlot {
  readonly request: TaskRequest;
  readonly plan: CallPlan;
  /** The call has to do with a workflow. */
  readonly workflow: WorkflowCall | undefined;
  readonly #connection: TaskConnection;
  #hasRun = false;
  #outcome: SlotAnswer | undefined;
  #created: TaskHead | undefined;

  constructor(connection: TaskConnection, tool: TaskTool, request: TaskRequest, workflow?: WorkflowCall) {
    this.request = request;
    this.#connection = connection;
    this.workflow = workflow;
    this.plan = planCall(tool, request, workflow);
    if (this.plan.mode === 'refuse') this.fail(this.plan.error);
  }

  /** The arguments were found right: the callback runs. */
  begin(): void {
    this.#hasRun = true;
  }

  /** Answer with a new task. */
  create(tool: TaskTool, head: TaskHead): void {
    this.#created = head;
    const isModern = this.request.generation === '2026-07-28';
    const result = isModern ? createTaskResult2026(head) : createTaskResult2025(head, tool.options.immediateResponse);
    this.#outcome = { result };
  }

  /** Answer with an error. */
  fail(error: unknown): void {
    if (isFault(error)) this.#connection.reportError(error);
    this.#outcome = { error: toErrorObject(error) };
  }

  rewrite(response: JSONRPCResponse): JSONRPCResponse | Promise<JSONRPCResponse> {
    const answer = this.#answer(response);
    return this.workflow?.finish?.(answer) ?? answer;
  }

  #answer(response: JSONRPCResponse): JSONRPCResponse {
    if ('error' in response) return response;
    const { jsonrpc, id, result } = response;
    const outcome = this.#outcome ?? this.#argumentError(result);
    if (outcome === undefined) return response;
    return 'error' in outcome
      ? { jsonrpc, id, error: outcome.error }
      : { jsonrpc, id, result: withMeta(outcome.result as Result, result._meta) };
  }

  answered(): void {
    const { generation, isTwoWay, owner } = this.request;
    if (this.#created === undefined || generation !== '2025-11-25' || !isTwoWay) return;
    const progressToken = this.plan.mode === 'task' ? this.plan.meta.progressToken : undefined;
    const tasks = this.#connection.tasksOf(owner);
    this.#connection.follow({ tasks, head: this.#created, progressToken, isStandalone: true });
  }

  /**
   * The SDK answers wrong arguments with a tool's result, which a 2025-11-25 client that asked for a task cannot read.
   */
  #argumentError(result: Result): SlotAnswer | undefined {
    const { isError, content } = result as Partial<CallToolResult>;
    if (this.#hasRun || isError !== true) return undefined;
    const [block] = content ?? [];
    const message = block?.type === 'text' ? block.text : 'Invalid arguments.';
    if (message.startsWith(STACK_OVERFLOW)) {
      const { name } = this.request.params;
      return invalidArguments(`The arguments of tool "${String(name)}" are nested too deeply.`);
    }
    const isTaskOf2025 = this.plan.mode === 'task' && this.request.generation === '2025-11-25';
    return isTaskOf2025 ? invalidArguments(message) : undefined;
  }
}

function invalidArguments(message: string): SlotAnswer {
  return { error: toErrorObject(new TaskError('INVALID_ARGUMENTS', message)) };
}

function planCall(tool: TaskTool, request: TaskRequest, workflow: WorkflowCall | undefined): CallPlan {
  const { generation, owner, params, clientCapabilities } = request;
  const isModern = generation === '2026-07-28';
  const planned = callMode({
    tool: tool.name,
    support: tool.options.taskSupport ?? 'optional',
    generation,
    owner: owner.kind,
    asksForTask: isModern ? declaresTasksExtension(clientCapabilities) : params['task'] !== undefined,
  });
  const mode = workflow?.isInline === true ? 'inline' : planned;
  if (mode instanceof TaskError) return { mode: 'refuse', error: mode };
  try {
    const meta = readCallMeta(params);
    const requestedTtlMs = mode === 'task' && !isModern ? readRequestedTtlMs(params) : undefined;
    return { mode, meta, requestedTtlMs };
  } catch (error) {
    return { mode: 'refuse', error };
  }
}
