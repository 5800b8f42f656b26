import { Client, ProtocolError, StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import {
  createApplicationInputHandler,
  createTaskSessionFromClient,
  type TaskEnabledSession,
  toolDeclaration,
  type ToolExecution,
} from '@modelcontextprotocol/ext-tasks/client';
import { taskId as toTaskId } from '@modelcontextprotocol/ext-tasks/core';
import {
  answerTo,
  continued,
  type Ended,
  type Endpoint,
  handedOver,
  type InteropClient,
  JOKE,
  partsOf,
} from './client.ts';
import { rawDispatchOver } from './raw-dispatch.ts';

const CLIENT_INFO = { name: 'interop-ext-tasks', version: '1.0.0' };
const CAPABILITIES = { elicitation: { form: {} }, sampling: {} };
const ENDPOINT_ID = 'everything-server';
const REVISION_2026 = '2026-07-28';

/** `@modelcontextprotocol/ext-tasks` over the SDK's client, speaking one of the two generations. */
export async function connectExtTasks(generation: '2025' | '2026', endpoint: Endpoint): Promise<InteropClient> {
  const transport = transportTo(endpoint);
  const client = new Client(CLIENT_INFO, {
    capabilities: CAPABILITIES,
    ...(generation === '2026' && { versionNegotiation: { mode: { pin: REVISION_2026 } } }),
  });
  await client.connect(transport);
  const session = createTaskSessionFromClient(client, {
    endpointId: ENDPOINT_ID,
    onInputRequest: createApplicationInputHandler({
      elicitation: ({ params }) => ({ action: 'accept', content: answerTo(params['message']) }),
      sampling: () => ({ model: 'interop', role: 'assistant', content: { type: 'text', text: JOKE } }),
      roots: () => ({ roots: [] }),
    }),
    onError: (error) => {
      throw error;
    },
    ...(generation === '2026' && {
      rawDispatch: rawDispatchOver(transport),
      v2RequestFraming: {
        protocolVersion: REVISION_2026,
        clientInfo: CLIENT_INFO,
        clientCapabilities: CAPABILITIES,
      },
    }),
  });
  return {
    call: async (tool, args) => endOf(await callTool(session, tool, args)),
    start: async (tool, args) => {
      const execution = await callTool(session, tool, args);
      if (execution.kind !== 'task') throw new Error(`${tool} did not become a task`);
      return {
        taskId: execution.handle.taskId,
        ended: endOf(execution),
        cancel: () => execution.cancel(),
      };
    },
    callWithoutTask: async (tool) =>
      generation === '2026' ? errorCodeOf(client.callTool({ name: tool })) : errorCodeOf(callUndeclared(session, tool)),
    listTaskIds: () => listTaskIds(session),
    getPrompt: async (name, args, _meta) =>
      handedOver(await client.getPrompt({ name, ...(args && { arguments: args }), _meta })),
    callInline: async (name, args, _meta) => continued(await client.callTool({ name, arguments: args, _meta })),
    follow: async (taskId) => {
      const task = { endpointId: ENDPOINT_ID, taskId: toTaskId(taskId), originalOperation: 'tools/call' } as const;
      const is2026 = generation === '2026';
      return endOf(await session.resumeTask(is2026 ? { ...task, generation: 'v2' } : { ...task, generation: 'v1' }));
    },
    close: async () => {
      await session.close();
      await client.close();
    },
  };
}

function transportTo(endpoint: Endpoint): Transport {
  if (endpoint.kind === 'stdio') return new StdioClientTransport(endpoint);
  const headers = { Authorization: `Bearer ${endpoint.token}` };
  return new StreamableHTTPClientTransport(new URL(endpoint.url), { requestInit: { headers } });
}

function callTool(session: TaskEnabledSession, tool: string, args: Record<string, string | number> = {}) {
  return session.callTool(tool, args, { task: { preference: 'prefer' } });
}

/** Call as if tools/list had not said that the tool must be a task; else ext-tasks refuses by itself. */
function callUndeclared(session: TaskEnabledSession, tool: string) {
  return session.callTool(
    tool,
    {},
    {
      task: { preference: 'forbid' },
      declaration: toolDeclaration({ name: tool, inputSchema: { type: 'object' } }),
    },
  );
}

async function endOf<Result extends object>(execution: ToolExecution<Result>): Promise<Ended> {
  const asTask = execution.kind === 'task';
  const { outcome } = await execution.settle();
  switch (outcome.status) {
    case 'completed':
      return { asTask, status: 'completed', ...partsOf(outcome.result) };
    case 'failed':
      return { asTask, status: 'failed', code: outcome.error.code, message: outcome.error.message };
    case 'cancelled':
      return { asTask, status: 'cancelled' };
  }
}

async function errorCodeOf(call: Promise<unknown>): Promise<number> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    const { code } = error as { code?: unknown };
    if (typeof code === 'number') return code;
    throw error;
  }
  throw new Error('the call was not refused');
}

async function listTaskIds(session: TaskEnabledSession): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const page = await session.listTasks(cursor);
    pages.push(page.tasks.map((task) => task.taskId));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return pages;
}
