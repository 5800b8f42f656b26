/**
 * Where tools and workflows meet the MCP SDK. Each tool is registered with the SDK as any tool is, with a callback that
 * starts a task or runs the tool inline, and leaves the answer in the request's slot. Capabilities of both generations
 * are registered here; `receive` shows each client those of its own.
 */
import type { Tasks, TaskTool } from '@mcp-tasks/runner';
import { TaskError } from '@mcp-tasks/store';
import { checkOptions, SERVER_TASKS_CAPABILITY_2025, TASKS_EXTENSION_CAPABILITY_2026 } from '@mcp-tasks/wire';
import {
  type CallToolResult,
  type InputRequiredResult,
  type JSONRPCResponse,
  type McpServer,
  type RegisteredTool,
  type RequestId,
  type Result,
  SdkError,
  SdkErrorCode,
  type ServerCapabilities,
  type ServerContext,
  type StandardSchemaWithJSON,
} from '@modelcontextprotocol/server';
import { CallSlot } from '../call/call-slot.ts';
import { callTool } from '../call/call-tool.ts';
import { TaskConnection } from '../connection/connection.ts';
import type { PendingRequest } from '../connection/pending-request.ts';
import { TASK_METHODS_2026, taskHandler } from '../methods/task-methods.ts';
import { accessOf, authorizeTask } from '../request/authorize-access.ts';
import { isFault, toErrorObject, toProtocolError } from '../request/errors.ts';
import { createHost, TASK_SERVER_OPTIONS, type TaskHost, type TaskServerOptions } from '../request/task-host.ts';
import type { TaskRequest } from '../request/task-request.ts';
import { attachWorkflows } from '../workflow/attach-workflows.ts';
import { type WorkflowServing, workflowServing } from '../workflow/serving/workflow-serving.ts';
import { receiveRequests } from './receive.ts';
import { checkServer } from './sdk-copy.ts';

/** Which task layer a server has; a server gets one, once. */
const attached = new WeakMap<McpServer, Tasks>();

/**
 * Let a server of the SDK serve tasks, to clients of either generation that connect to it.
 *
 * Registers every tool and workflow that `tasks` has by now, in any order with the server's own `registerTool`; a tool
 * that is registered later is served by servers that are attached later. Connecting starts `tasks` if it is not
 * started. A second call for the same server does nothing.
 *
 * Alone it serves all but `subscriptions/listen` with `taskIds` and, on stateless HTTP, answers to the questions of
 * 2025-11-25 tasks: see `wrapHandler` and `wrapTransport`.
 *
 * @throws {SdkError} ALREADY_CONNECTED - the server is connected: attach first.
 * @throws {TypeError} the server has other tasks, or is no `McpServer`, or an option has the wrong type.
 * @throws {TaskError} COPIES_MIXED - the server or `tasks` comes from another copy of its package.
 *
 * @example
 * const server = new McpServer({ name: 'reports', version: '1.0.0' });
 * attach(tasks, server);
 * await server.connect(new StdioServerTransport());
 */
export function attach(tasks: Tasks, mcp: McpServer, options: TaskServerOptions = {}): void {
  checkOptions('attach', options, TASK_SERVER_OPTIONS);
  attachHost(createHost(tasks, options), mcp);
}

/** {@link attach} for a host that exists. */
export function attachHost(host: TaskHost, mcp: McpServer): void {
  checkServer(mcp, 'attach must be given');
  const existing = attached.get(mcp);
  if (existing === host.tasks) return;
  if (existing !== undefined) throw new TypeError('This server has other tasks attached already.');
  if (mcp.isConnected()) throw new SdkError(SdkErrorCode.AlreadyConnected, 'Attach a server before it is connected.');
  new Attachment(host, mcp).install();
  attached.set(mcp, host.tasks);
}

class Attachment {
  readonly #host: TaskHost;
  readonly #mcp: McpServer;
  readonly #tools: ReadonlyMap<string, TaskTool>;
  readonly #workflows: WorkflowServing | undefined;
  readonly #registered = new Map<string, RegisteredTool>();
  #connection: TaskConnection | undefined;

  constructor(host: TaskHost, mcp: McpServer) {
    this.#host = host;
    this.#mcp = mcp;
    this.#tools = new Map(host.tasks.tools);
    this.#workflows = workflowServing(host);
  }

  install(): void {
    const { server } = this.#mcp;
    // Of these the SDK or we take away what the client's generation does not have.
    server.registerCapabilities({
      tasks: SERVER_TASKS_CAPABILITY_2025.full as ServerCapabilities['tasks'],
      extensions: { ...TASKS_EXTENSION_CAPABILITY_2026 },
    });
    for (const tool of this.#tools.values()) this.#registerTool(tool);
    if (this.#workflows !== undefined) {
      attachWorkflows(this.#mcp, this.#workflows, (context) => this.#requestOf(context));
    }
    for (const method of TASK_METHODS_2026) {
      server.setRequestHandler(method, { params: ANY_PARAMS }, (_params, context) => this.#serve(method, context));
    }
    const receive = receiveRequests(this.#mcp, {
      tools: this.#tools,
      workflows: this.#workflows,
      answer: (method, pending, connection) => this.#answer(method, pending, connection),
    });
    const connect = server.connect.bind(server);
    server.connect = async (transport) => {
      // A failed start is reported to the request that needs the store.
      this.#host.tasks.start().catch(() => undefined);
      if (server.transport === undefined) this.#connection = new TaskConnection(this.#host, transport, receive);
      await connect(transport);
    };
  }

  #registerTool(tool: TaskTool): void {
    const { title, description, inputSchema, outputSchema, annotations, icons, scopeChallenge, _meta } = tool.options;
    const config = { title, description, inputSchema, outputSchema, annotations, icons, scopeChallenge, _meta };
    // The SDK calls back with the parsed arguments if there is a schema, and always with its context last.
    const call = (...parameters: unknown[]) => this.#call(tool, parameters.at(-1) as ServerContext);
    const registered = this.#register(tool.name, () =>
      this.#mcp.registerTool(tool.name, config as { inputSchema: StandardSchemaWithJSON }, call),
    );
    registered.execution = { taskSupport: tool.options.taskSupport ?? 'optional' };
    this.#registered.set(tool.name, registered);
  }

  /** @throws {TypeError} the server has a tool of this name: the SDK's own words name no way out. */
  #register(name: string, register: () => RegisteredTool): RegisteredTool {
    try {
      return register();
    } catch (error) {
      if (!(error instanceof Error && error.message.includes('already registered'))) throw error;
      throw new TypeError(
        `The tool "${name}" is registered twice, by tasks.tool and by registerTool of the server: rename one of them.`,
        { cause: error },
      );
    }
  }

  #call(tool: TaskTool, context: ServerContext): Promise<CallToolResult | InputRequiredResult> {
    const slot = this.#connection?.slots.get(context.mcpReq.id);
    if (!(slot instanceof CallSlot)) throw requestGone();
    return callTool(this.#host, tool, slot, context);
  }

  #requestOf({ mcpReq }: ServerContext): TaskRequest {
    const slot = this.#connection?.slots.get(mcpReq.id);
    if (slot === undefined) throw requestGone();
    return slot.request;
  }

  /** Answer a request that the SDK hands us. */
  async #serve(method: string, context: ServerContext): Promise<Result> {
    const connection = this.#connection;
    try {
      const request = this.#requestOf(context);
      if (connection === undefined) throw requestGone();
      return await this.#handle(method, request, connection, context.mcpReq);
    } catch (error) {
      if (isFault(error)) connection?.reportError(error);
      throw toProtocolError(error);
    }
  }

  /** Answer a request that the SDK does not see. */
  async #answer(method: string, pending: PendingRequest, connection: TaskConnection): Promise<JSONRPCResponse> {
    const { id, request } = pending;
    try {
      const result = await this.#handle(method, request, connection, pending);
      return { jsonrpc: '2.0', id, result: connection.envelope.sign(result) };
    } catch (error) {
      if (isFault(error)) connection.reportError(error);
      return { jsonrpc: '2.0', id, error: toErrorObject(error) };
    }
  }

  async #handle(
    method: string,
    request: TaskRequest,
    connection: TaskConnection,
    pending: { readonly id: RequestId; readonly signal: AbortSignal },
  ): Promise<Result> {
    const handler = taskHandler(method, request);
    if (handler === undefined) throw requestGone();
    const via = accessOf(method);
    const { owner, context, params } = request;
    const allowed = via && authorizeTask(this.#host, { owner, context, taskId: params['taskId'], via });
    if (allowed !== undefined) await allowed;
    return (await handler({
      tasks: connection.tasksOf(request.owner),
      request,
      connection,
      pending,
      mcp: this.#mcp,
      registered: this.#registered,
      workflows: this.#workflows,
    })) as Result;
  }
}

/** The client gave the request up before its handler began: nothing is sent for it. */
function requestGone(): TaskError {
  return new TaskError('RUN_ENDED', 'The request was given up.');
}

/** Our handlers look at the params themselves. */
const ANY_PARAMS = {
  '~standard': {
    version: 1,
    vendor: 'mcp-tasks',
    validate: (value: unknown) => ({ value }),
  },
} as const;
