import type { Tasks } from '@mcp-tasks/runner';
import {
  type CallToolResult,
  checkOptions,
  type InputRequest,
  type InputResponse,
  JSON_RPC_ERROR,
  type JsonObject,
  option,
  type OptionTableOf,
  ProtocolFailure,
} from '@mcp-tasks/wire';
import { InMemoryTransport, McpServer } from '@modelcontextprotocol/server';
import { TASK_SERVER_OPTIONS } from '../request/task-host.ts';
import type { Generation } from '../request/task-request.ts';
import { serveTasks, type ServeTasksOptions } from '../serve/serve-tasks.ts';
import { callTool2025, initialize2025, startTool2025 } from './drive-2025.ts';
import { callTool2026, envelope2026, startTool2026 } from './drive-2026.ts';
import type { Driver, StartedCall, TestCallOptions } from './driver.ts';
import { type ReceivedNotification, WireClient } from './wire-client.ts';

/**
 * Options of {@link connectTestClient}.
 *
 * @example
 * const options: TestClientOptions = {
 *   generation: '2025-11-25',
 *   answer: () => ({ action: 'accept', content: { sure: true } }),
 * };
 * await using client = await connectTestClient(tasks, options);
 */
export interface TestClientOptions extends Omit<ServeTasksOptions, 'drainMs'> {
  readonly generation: Generation;
  /** Capabilities that the client declares; default: forms, sampling, and the tasks extension (2026-07-28). */
  readonly capabilities?: JsonObject | undefined;
  /** Answers the questions of tools; default: refuses them with an error. */
  readonly answer?: ((question: InputRequest) => InputResponse | Promise<InputResponse>) | undefined;
  /** Makes the server, for tests of its own tools beside those of `tasks`. */
  readonly createServer?: (() => McpServer) | undefined;
}

/** A client in memory that speaks one generation of the protocol. */
export interface TestClient extends AsyncDisposable {
  readonly generation: Generation;
  /** Every notification of the server so far. */
  readonly notifications: readonly ReceivedNotification[];
  /**
   * Call a tool and follow it to its end: as a task where the tool can be one, answering its questions. @throws
   * {ProtocolFailure}
   */
  callTool(name: string, args?: JsonObject, options?: TestCallOptions): Promise<CallToolResult>;
  /** Call a tool and take what is answered at once: the id of a task, or a result. @throws {ProtocolFailure} */
  startTool(name: string, args?: JsonObject, options?: TestCallOptions): Promise<StartedCall>;
  /** Send any request of the generation. @throws {ProtocolFailure} the server answered with an error. */
  request(method: string, params?: JsonObject): Promise<JsonObject>;
  /** Send a notification. */
  notify(method: string, params?: JsonObject): Promise<void>;
  /** End the connection; `tasks` stays as it is. */
  close(): Promise<void>;
}

const TEST_CLIENT_OPTIONS: OptionTableOf<TestClientOptions> = {
  ...TASK_SERVER_OPTIONS,
  generation: option.choice('2025-11-25', '2026-07-28'),
  capabilities: option.object,
  answer: option.callback,
  createServer: option.callback,
};

const TEST_CALL_OPTIONS: OptionTableOf<TestCallOptions> = { ttlMs: option.any, meta: option.object };

const DEFAULT_CAPABILITIES: JsonObject = { elicitation: { form: {} }, sampling: {} };

/**
 * Connect a client to the tools of `tasks`, in memory: for tests of tools as clients of either generation see them.
 *
 * Starts `tasks`; the test closes it. All clients are the same owner unless `owner` says otherwise,
 * and no request comes too fast unless `limiter` says so.
 *
 * @throws {TypeError} an option has the wrong type. @throws {TaskError} STORE_UNAVAILABLE, STORE_INCOMPATIBLE,
 *   COPIES_MIXED
 *
 * @example
 * await using client = await connectTestClient(tasks, { generation: '2026-07-28' });
 * const result = await client.callTool('render_report', { month: '2026-07' });
 */
export async function connectTestClient(tasks: Tasks, options: TestClientOptions): Promise<TestClient> {
  checkOptions('connectTestClient', options, TEST_CLIENT_OPTIONS);
  const { generation, capabilities = DEFAULT_CAPABILITIES, answer, createServer = defaultServer, ...serving } = options;
  const [clientEnd, serverEnd] = InMemoryTransport.createLinkedPair();
  const connection = serveTasks(tasks, createServer, {
    owner: () => 'test',
    limiter: () => undefined,
    ...serving,
  }).stdio({
    transport: serverEnd,
  });
  await tasks.start();

  const answerQuestion = async (question: InputRequest): Promise<InputResponse> => {
    if (answer === undefined) throw new ProtocolFailure(JSON_RPC_ERROR.METHOD_NOT_FOUND, 'Nothing was said to answer.');
    return answer(question);
  };
  const wire = new WireClient(clientEnd, (method, params) => answerQuestion({ method, params } as InputRequest));
  await wire.open();
  const isModern = generation === '2026-07-28';
  const withEnvelope = isModern
    ? envelope2026(capabilities, options.capabilities === undefined)
    : (params: JsonObject) => params;
  const request = (method: string, params: JsonObject = {}) => wire.request(method, withEnvelope(params));
  const driver: Driver = { wire, request, answer: answerQuestion };
  if (!isModern) await initialize2025(driver, capabilities);

  const close = async (): Promise<void> => {
    await wire.close();
    await connection.close();
  };
  return {
    generation,
    notifications: wire.notifications,
    async callTool(name, args = {}, call = {}) {
      checkOptions('client.callTool', call, TEST_CALL_OPTIONS);
      return (isModern ? callTool2026 : callTool2025)(driver, { name, args, ...call });
    },
    async startTool(name, args = {}, call = {}) {
      checkOptions('client.startTool', call, TEST_CALL_OPTIONS);
      return (isModern ? startTool2026 : startTool2025)(driver, { name, args, ...call });
    },
    request,
    notify: (method, params = {}) => wire.notify(method, withEnvelope(params)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function defaultServer(): McpServer {
  return new McpServer({ name: 'test', version: '0.0.0' });
}
