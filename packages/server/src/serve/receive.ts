/**
 * The router. It looks at every request before the SDK does and decides which way it goes: past the SDK (`tasks/...` of
 * 2025-11-25), through it with a slot whose answer replaces the SDK's (calls and prompts), or through it untouched. See
 * 2025-11-25, Tasks, "Capability Negotiation", and SEP-2663, "Capability Negotiation".
 */
import type { TaskTool } from '@mcp-tasks/runner';
import type { TaskError } from '@mcp-tasks/store';
import {
  JSON_RPC_ERROR,
  type JsonRpcError,
  SERVER_TASKS_CAPABILITY_2025,
  TASK_METHODS,
  TASKS_EXTENSION_ID,
} from '@mcp-tasks/wire';
import type { JSONRPCRequest, JSONRPCResponse, McpServer, MessageExtraInfo } from '@modelcontextprotocol/server';
import { taskNotSupported } from '../call/call-mode.ts';
import { CallSlot } from '../call/call-slot.ts';
import type { ReceiveRequest, TaskConnection, TaskSlot } from '../connection/connection.ts';
import { PendingRequest } from '../connection/pending-request.ts';
import { TASK_REQUEST_METHODS, taskHandler } from '../methods/task-methods.ts';
import { isFault, toErrorObject } from '../request/errors.ts';
import { nameOfMessage } from '../request/request-limit.ts';
import type { TaskHost } from '../request/task-host.ts';
import { fieldsOf, type TaskRequest } from '../request/task-request.ts';
import type { Inbound } from '../transport/response-slots.ts';
import { workflowConcern, workflowSlot } from '../workflow/receive-workflow.ts';
import type { WorkflowServing } from '../workflow/serving/workflow-serving.ts';
import { workflowCallOf } from '../workflow/workflow-call.ts';

type Receive = (
  message: JSONRPCRequest,
  request: TaskRequest,
  connection: TaskConnection,
  extra: MessageExtraInfo | undefined,
) => Inbound<TaskSlot>;

/** Answers a request of a `tasks/...` method. */
type AnswerTaskMethod = (
  method: string,
  pending: PendingRequest,
  connection: TaskConnection,
) => Promise<JSONRPCResponse>;

/** Receivers of requests. */
export interface Receivers {
  readonly tools: ReadonlyMap<unknown, TaskTool>;
  /** Undefined when there are none. */
  readonly workflows: WorkflowServing | undefined;
  readonly answer: AnswerTaskMethod;
}

const METHOD_NOT_FOUND: JsonRpcError = { code: JSON_RPC_ERROR.METHOD_NOT_FOUND, message: 'Method not found' };

/** Look at every request before the SDK does: note what our handlers need, answer what must not reach it. */
export function receiveRequests(mcp: McpServer, { tools, workflows, answer }: Receivers): ReceiveRequest {
  const receiveTaskMethod = taskMethodReceiver(answer);
  const receivers = new Map<string, Receive>([
    ['initialize', receiveInitialize],
    ['server/discover', receiveNegotiation],
    ['tools/list', receiveToolsList],
    ...TASK_REQUEST_METHODS.map((method) => [method, receiveTaskMethod] as const),
  ]);
  return (connection, message, extra) => {
    const isCall = message.method === TASK_METHODS.CALL_TOOL;
    const tool = isCall ? tools.get(message.params?.['name']) : undefined;
    const asksForTask = isCall && connection.generation === '2025-11-25' && message.params?.['task'] !== undefined;
    const concern = workflows && workflowConcern(workflows, message);
    const receive = receivers.get(message.method);
    const isOurs = tool !== undefined || receive !== undefined || concern !== undefined;
    if (!isOurs && !asksForTask) return { forward: message };
    const refuseFor = (error: unknown): Inbound<TaskSlot> => {
      if (isFault(error)) connection.reportError(error);
      return refuse(message, toErrorObject(error));
    };
    const routed = (request: TaskRequest): Inbound<TaskSlot> => {
      if (receive !== undefined) return receive(message, request, connection, extra);
      const forward = asksForTask ? withoutTask(message) : message;
      if (tool !== undefined) {
        const workflow = workflows && workflowCallOf(workflows, tool, request, concern?.continues);
        return { forward, slot: new CallSlot(connection, tool, request, workflow) };
      }
      if (workflows !== undefined && concern !== undefined) {
        return { forward, slot: workflowSlot(workflows, request, concern) };
      }
      return receiveTaskCallOfOther(forward, request, mcp);
    };
    const route = (request: TaskRequest): Inbound<TaskSlot> => {
      try {
        return routed(request);
      } catch (error) {
        return refuseFor(error);
      }
    };
    try {
      const request = connection.describe(message, extra);
      const refused = countRequest(connection.host, message, request);
      if (refused === undefined) return route(request);
      if (!(refused instanceof Promise)) return refuseFor(refused);
      const decided = (late: TaskError | undefined) => (late === undefined ? route(request) : refuseFor(late));
      return { deciding: refused.then(decided, refuseFor), slot: { request } };
    } catch (error) {
      return refuseFor(error);
    }
  };
}

/** Count a request by the limit, unless it was counted in front of the SDK; see why it is refused. */
function countRequest(
  host: TaskHost,
  message: JSONRPCRequest,
  request: TaskRequest,
): TaskError | undefined | Promise<TaskError | undefined> {
  const named = nameOfMessage(message);
  return named !== undefined && host.concerns(named) ? host.limit.count(named, request) : undefined;
}

const receiveInitialize: Receive = (message, request, connection, extra) => {
  connection.initialize(request);
  return receiveNegotiation(message, request, connection, extra);
};

/** The server's capabilities are those of both generations: show the client those of its own. */
const receiveNegotiation: Receive = (message, request) => ({
  forward: message,
  slot: {
    request,
    rewrite: (response) => ('error' in response ? response : withCapabilities(response, request)),
  },
});

/** A caller who gets no tasks is shown tools as a server without tasks has them. */
const receiveToolsList: Receive = (message, request) => {
  if (request.owner.kind !== 'refused' || request.generation !== '2025-11-25') return { forward: message };
  return {
    forward: message,
    slot: { request, rewrite: (response) => ('error' in response ? response : withoutTaskSupport(response)) },
  };
};

function withoutTaskSupport(response: Extract<JSONRPCResponse, { result: unknown }>): JSONRPCResponse {
  const tools: unknown = response.result['tools'];
  if (!Array.isArray(tools)) return response;
  const shown = tools.map((tool: unknown) => {
    const { execution, ...rest } = fieldsOf(tool);
    const { taskSupport, ...other } = fieldsOf(execution);
    if (taskSupport === undefined) return tool;
    return Object.keys(other).length === 0 ? rest : { ...rest, execution: other };
  });
  return { ...response, result: { ...response.result, tools: shown } };
}

/**
 * Going through the SDK takes longer than all that a task method does. It has no part in those of 2025-11-25; of
 * 2026-07-28 it checks the envelope and signs the answer, so it gets every request with an envelope that it has not
 * found right yet.
 */
function taskMethodReceiver(answer: AnswerTaskMethod): Receive {
  return (message, request, connection, extra) => {
    const { id, method } = message;
    if (taskHandler(method, request) === undefined) return refuse(message, METHOD_NOT_FOUND);
    const { envelope } = connection;
    if (request.generation === '2026-07-28' && !envelope.isKnown(request)) {
      const rewrite = (response: JSONRPCResponse) => {
        envelope.learn(request, response);
        return response;
      };
      return { forward: message, slot: { request, rewrite } };
    }
    const slot = new PendingRequest(id, request, extra);
    return { answering: answer(method, slot, connection), slot };
  };
}

/** A 2025-11-25 call that asks for a task of a tool which is none of ours. */
function receiveTaskCallOfOther(forward: JSONRPCRequest, request: TaskRequest, mcp: McpServer): Inbound<TaskSlot> {
  const { name } = request.params;
  // Of tools that it does not know or that are disabled, the SDK says so itself.
  const isKnown = typeof name === 'string' && mcp.toolInputSchemaJson(name) !== undefined;
  if (isKnown && request.owner.kind !== 'refused') throw taskNotSupported(name);
  return { forward };
}

function refuse({ id }: JSONRPCRequest, error: JsonRpcError): Inbound<TaskSlot> {
  return { answer: { jsonrpc: '2.0', id, error } };
}

/** The SDK need not judge what is ours. */
function withoutTask(message: JSONRPCRequest): JSONRPCRequest {
  return { ...message, params: { ...message.params, task: undefined } };
}

function withCapabilities(
  response: Extract<JSONRPCResponse, { result: unknown }>,
  { generation, owner }: TaskRequest,
): JSONRPCResponse {
  const isModern = generation === '2026-07-28';
  const capabilities = { ...fieldsOf(response.result['capabilities']) };
  const shown = isModern && owner.kind !== 'refused';
  const extensions = Object.entries(fieldsOf(capabilities['extensions'])).filter(
    ([id]) => shown || id !== TASKS_EXTENSION_ID,
  );
  if (!isModern && owner.kind === 'anonymous') capabilities['tasks'] = SERVER_TASKS_CAPABILITY_2025.withoutList;
  if (isModern || owner.kind === 'refused') delete capabilities['tasks'];
  if (extensions.length > 0) capabilities['extensions'] = Object.fromEntries(extensions);
  else delete capabilities['extensions'];
  return { ...response, result: { ...response.result, capabilities } };
}
