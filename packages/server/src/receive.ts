import { JSON_RPC_ERROR, type JsonRpcError, SERVER_TASKS_CAPABILITY_2025, TASKS_EXTENSION_ID } from '@mcp-tasks/wire';
import type { TaskTool } from '@mcp-tasks/runner';
import type { JSONRPCRequest, JSONRPCResponse, McpServer } from '@modelcontextprotocol/server';
import { taskNotSupported } from './call-mode.ts';
import { CallSlot } from './call-slot.ts';
import type { ReceiveRequest, TaskConnection, TaskSlot } from './connection.ts';
import { isFault, toErrorObject } from './errors.ts';
import type { Inbound } from './response-slots.ts';
import { TASK_REQUEST_METHODS, taskHandler } from './task-methods.ts';
import { fieldsOf, type TaskRequest } from './task-request.ts';

type Receive = (message: JSONRPCRequest, request: TaskRequest, connection: TaskConnection) => Inbound<TaskSlot>;

const METHOD_NOT_FOUND: JsonRpcError = { code: JSON_RPC_ERROR.METHOD_NOT_FOUND, message: 'Method not found' };

/** Look at every request before the SDK does: note what our handlers need, answer what must not reach it. */
export function receiveRequests(mcp: McpServer, tools: ReadonlyMap<string, TaskTool>): ReceiveRequest {
  const receivers = new Map<string, Receive>([
    ['initialize', receiveNegotiation],
    ['server/discover', receiveNegotiation],
    ['tools/call', (message, request, connection) => receiveCall(message, request, connection, { mcp, tools })],
    ...TASK_REQUEST_METHODS.map((method) => [method, receiveTaskMethod] as const),
  ]);
  return (connection, message, extra) => {
    const receive = receivers.get(message.method);
    if (receive === undefined) return { forward: message };
    try {
      return receive(message, connection.describe(message, extra), connection);
    } catch (error) {
      if (isFault(error)) connection.reportError(error);
      return refuse(message, toErrorObject(error));
    }
  };
}

/** The server's capabilities are those of both generations: show the client those of its own. */
const receiveNegotiation: Receive = (message, request) => ({
  forward: message,
  slot: {
    request,
    rewrite: (response) => ('error' in response ? response : withCapabilities(response, request)),
  },
});

const receiveTaskMethod: Receive = (message, request) =>
  taskHandler(message.method, request) === undefined
    ? refuse(message, METHOD_NOT_FOUND)
    : { forward: message, slot: { request } };

function receiveCall(
  message: JSONRPCRequest,
  request: TaskRequest,
  connection: TaskConnection,
  { mcp, tools }: { readonly mcp: McpServer; readonly tools: ReadonlyMap<string, TaskTool> },
): Inbound<TaskSlot> {
  const { name, task } = request.params;
  const asksForTask = request.generation === '2025-11-25' && task !== undefined;
  const forward = asksForTask ? withoutTask(message) : message;
  const tool = tools.get(String(name));
  if (tool !== undefined) return { forward, slot: new CallSlot(connection, tool, request) };
  // Of tools that it does not know or that are disabled, the SDK says so itself.
  const isKnown = typeof name === 'string' && mcp.toolInputSchemaJson(name) !== undefined;
  if (asksForTask && isKnown && request.owner.kind !== 'refused') throw taskNotSupported(name);
  return { forward };
}

function refuse({ id }: JSONRPCRequest, error: JsonRpcError): Inbound<TaskSlot> {
  return { answer: { jsonrpc: '2.0', id, error } };
}

/** The SDK need not judge what is ours. */
function withoutTask(message: JSONRPCRequest): JSONRPCRequest {
  const params = { ...message.params };
  delete params['task'];
  return { ...message, params };
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
