import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  CallToolResultSchema,
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  McpError,
} from '@modelcontextprotocol/sdk/types.js';
import {
  answerTo,
  continued,
  type Ended,
  type Endpoint,
  handedOver,
  type InteropClient,
  JOKE,
  partsOf,
  type StartedTask,
} from './client.ts';

type Arguments = Record<string, string | number>;

/** Version 1 of the SDK with its experimental tasks, which speaks 2025-11-25. */
export async function connectSdkV1(endpoint: Endpoint): Promise<InteropClient> {
  const client = new Client(
    { name: 'interop-sdk-v1', version: '1.0.0' },
    { capabilities: { elicitation: {}, sampling: {} } },
  );
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => ({
    action: 'accept',
    content: answerTo(params.message),
  }));
  client.setRequestHandler(CreateMessageRequestSchema, () => ({
    model: 'interop',
    role: 'assistant',
    content: { type: 'text', text: JOKE },
  }));
  const transport =
    endpoint.kind === 'stdio'
      ? new StdioClientTransport(endpoint)
      : new StreamableHTTPClientTransport(new URL(endpoint.url), {
          requestInit: { headers: { Authorization: `Bearer ${endpoint.token}` } },
        });
  await client.connect(transport);
  // Refused before tools/list is known to the client, since it refuses by itself afterwards.
  const callWithoutTask = (tool: string) => refusalCode(client, tool);
  return {
    call: async (tool, args) => {
      await client.listTools();
      return call(client, tool, args);
    },
    start: (tool, args) => start(client, tool, args),
    callWithoutTask,
    listTaskIds: () => listTaskIds(client),
    getPrompt: async (name, args, _meta) =>
      handedOver(await client.getPrompt({ name, ...(args && { arguments: args }), _meta })),
    callInline: async (name, args, _meta) => continued(await client.callTool({ name, arguments: args, _meta })),
    follow: async (taskId) => {
      const result = await client.experimental.tasks.getTaskResult(taskId, CallToolResultSchema);
      return { asTask: true, status: 'completed', ...partsOf(result) };
    },
    close: () => client.close(),
  };
}

async function call(client: Client, tool: string, args: Arguments = {}): Promise<Ended> {
  let taskId: string | undefined;
  for await (const message of client.experimental.tasks.callToolStream({ name: tool, arguments: args })) {
    if (message.type === 'taskCreated') taskId = message.task.taskId;
    if (message.type === 'result')
      return { asTask: taskId !== undefined, status: 'completed', ...partsOf(message.result) };
    if (message.type === 'error') {
      if (taskId === undefined) throw message.error;
      return unsuccessful(client, taskId);
    }
  }
  throw new Error('the call ended without a result');
}

/** The client tells only that a task did not complete: ask for the rest. */
async function unsuccessful(client: Client, taskId: string): Promise<Ended> {
  const { status } = await client.experimental.tasks.getTask(taskId);
  if (status === 'cancelled') return { asTask: true, status };
  try {
    const result = await client.experimental.tasks.getTaskResult(taskId, CallToolResultSchema);
    return { asTask: true, status: 'failed', ...partsOf(result) };
  } catch (error) {
    if (!(error instanceof McpError)) throw error;
    return { asTask: true, status: 'failed', code: error.code, message: error.message };
  }
}

async function start(client: Client, tool: string, args: Arguments): Promise<StartedTask> {
  await client.listTools();
  const stream = client.experimental.tasks.callToolStream({ name: tool, arguments: args });
  const first = await stream.next();
  if (first.done === true || first.value.type !== 'taskCreated') throw new Error(`${tool} did not become a task`);
  const { taskId } = first.value.task;
  const drain = async (): Promise<Ended> => {
    for await (const message of stream) {
      if (message.type === 'result') return { asTask: true, status: 'completed', ...partsOf(message.result) };
    }
    return unsuccessful(client, taskId);
  };
  return {
    taskId,
    ended: drain(),
    cancel: async () => {
      await client.experimental.tasks.cancelTask(taskId);
    },
  };
}

async function refusalCode(client: Client, tool: string): Promise<number> {
  try {
    await client.callTool({ name: tool });
  } catch (error) {
    if (error instanceof McpError) return error.code;
    throw error;
  }
  throw new Error('the call was not refused');
}

async function listTaskIds(client: Client): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const page = await client.experimental.tasks.listTasks(cursor);
    pages.push(page.tasks.map((task) => task.taskId));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return pages;
}
