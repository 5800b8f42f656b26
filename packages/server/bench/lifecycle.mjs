/**
 * What a task costs beside plain tool calls: a lifecycle of three requests (call, look, fetch) against three calls of a plain tool
 * with the same body, over the in-memory transport, taking turns in one process. The ratio is the speed of the one to the other.
 *
 * Needs a build: `pnpm build && pnpm --filter @mcp-tasks/server bench [rounds]` (default 10,000).
 */
import { performance } from 'node:perf_hooks';
import { createTasks } from '@mcp-tasks/runner';
import { serveTasks } from '@mcp-tasks/server';
import { Client } from '@modelcontextprotocol/client';
import { InMemoryTransport, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';

const ROUNDS = Number(process.argv[2] ?? 10_000);
/** As many tasks as an owner may have, so that the limit is not what is measured. */
const LIMITS = { maxActiveTasks: 1_000_000, maxStoredTasks: 1_000_000 };
const inputSchema = z.object({ month: z.string() });
const body = ({ month }) => ({ content: [{ type: 'text', text: `report of ${month}` }] });

const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '0' },
  'io.modelcontextprotocol/clientCapabilities': { extensions: { 'io.modelcontextprotocol/tasks': {} } },
};

async function lifecycle2025(request, args) {
  const { task } = await request('tools/call', { name: 'task', arguments: args, task: {} });
  await request('tasks/get', { taskId: task.taskId });
  return request('tasks/result', { taskId: task.taskId });
}

async function lifecycle2026(request, args) {
  const { taskId } = await request('tools/call', { name: 'task', arguments: args });
  await request('tasks/get', { taskId });
  return (await request('tasks/get', { taskId })).result;
}

/** Each opens a connection and answers with what sends a request on it. */
const CLIENTS = {
  "2025-11-25, the SDK's client": {
    async open(transport) {
      const client = new Client({ name: 'bench', version: '0' });
      await client.connect(transport);
      const anyResult = z.looseObject({});
      return (method, params) => client.request({ method, params }, anyResult);
    },
    lifecycle: lifecycle2025,
  },
  '2025-11-25, bare messages': {
    async open(transport) {
      const request = jsonRpc(transport, (params) => params);
      const clientInfo = { name: 'bench', version: '0' };
      await request('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
      return request;
    },
    lifecycle: lifecycle2025,
  },
  '2026-07-28, bare messages': {
    open: async (transport) => jsonRpc(transport, (params) => ({ ...params, _meta: ENVELOPE })),
    lifecycle: lifecycle2026,
  },
};

for (const [name, client] of Object.entries(CLIENTS)) {
  const { lifecycleMs, plainMs } = await measure(client);
  const perRound = (ms) => `${((ms / ROUNDS) * 1_000).toFixed(0)} us`;
  const ratio = (plainMs / lifecycleMs).toFixed(2);
  console.log(`${name}: lifecycle ${perRound(lifecycleMs)}, three plain calls ${perRound(plainMs)}, ratio ${ratio}`);
}

async function measure(client) {
  const tasks = createTasks({ limits: LIMITS });
  tasks.tool('task', { inputSchema }, body);
  const app = serveTasks(tasks, () => {
    const mcp = new McpServer({ name: 'bench', version: '0' });
    mcp.registerTool('plain', { inputSchema }, body);
    return mcp;
  });
  const [clientEnd, serverEnd] = InMemoryTransport.createLinkedPair();
  app.stdio({ transport: serverEnd });
  const request = await client.open(clientEnd);

  const plain = async (args) => {
    for (let n = 0; n < 3; n++) await request('tools/call', { name: 'plain', arguments: args });
  };
  const lifecycle = async (args) => {
    const { content } = await client.lifecycle(request, args);
    if (content[0].text !== `report of ${args.month}`) throw new Error('wrong result');
  };
  for (let n = 0; n < ROUNDS / 10; n++) {
    await plain({ month: `warm ${n}` });
    await lifecycle({ month: `warm ${n}` });
  }
  let lifecycleMs = 0;
  let plainMs = 0;
  for (let n = 0; n < ROUNDS; n++) {
    const args = { month: `2026-${n}` };
    const startMs = performance.now();
    await plain(args);
    const middleMs = performance.now();
    await lifecycle(args);
    lifecycleMs += performance.now() - middleMs;
    plainMs += middleMs - startMs;
  }
  await clientEnd.close();
  await app.close();
  return { lifecycleMs, plainMs };
}

function jsonRpc(transport, paramsOf) {
  const pending = new Map();
  let lastId = 0;
  transport.onmessage = ({ id, result, error }) => {
    const waiting = pending.get(id);
    pending.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error.message));
  };
  return (method, params) =>
    new Promise((resolve, reject) => {
      const id = ++lastId;
      pending.set(id, { resolve, reject });
      transport.send({ jsonrpc: '2.0', id, method, params: paramsOf(params) }).catch(reject);
    });
}
