/**
 * What a task costs beside plain tool calls: a lifecycle of three requests (call, look, fetch) against three calls of a plain tool
 * with the same body, over the in-memory transport, taking turns in one process.
 *
 * Needs a build: `pnpm build && node packages/server/bench/lifecycle.mjs [rounds]` (default 10,000).
 */
import { performance } from 'node:perf_hooks';
import { createTasks } from '@mcp-tasks/runner';
import { serveTasks } from '@mcp-tasks/server';
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

const GENERATIONS = {
  '2025-11-25': {
    params: (params) => params,
    async open(request) {
      await request('initialize', {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 'bench', version: '0' },
      });
    },
    async lifecycle(request, args) {
      const { task } = await request('tools/call', { name: 'task', arguments: args, task: {} });
      await request('tasks/get', { taskId: task.taskId });
      return request('tasks/result', { taskId: task.taskId });
    },
  },
  '2026-07-28': {
    params: (params) => ({ ...params, _meta: ENVELOPE }),
    open: (request) => request('tools/list', {}),
    async lifecycle(request, args) {
      const { taskId } = await request('tools/call', { name: 'task', arguments: args });
      await request('tasks/get', { taskId });
      return (await request('tasks/get', { taskId })).result;
    },
  },
};

for (const [name, generation] of Object.entries(GENERATIONS)) {
  const { lifecycleMs, plainMs } = await measure(generation);
  const perRound = (ms) => `${((ms / ROUNDS) * 1_000).toFixed(0)} us`;
  console.log(
    `${name}: lifecycle ${perRound(lifecycleMs)}, three plain calls ${perRound(plainMs)}, ratio ${(plainMs / lifecycleMs).toFixed(2)}`,
  );
}

async function measure(generation) {
  const tasks = createTasks({ limits: LIMITS });
  tasks.tool('task', { inputSchema }, body);
  const app = serveTasks(tasks, () => {
    const mcp = new McpServer({ name: 'bench', version: '0' });
    mcp.registerTool('plain', { inputSchema }, body);
    return mcp;
  });
  const [client, server] = InMemoryTransport.createLinkedPair();
  app.stdio({ transport: server });
  const request = jsonRpc(client, generation.params);
  await generation.open(request);

  const plain = async (args) => {
    for (let n = 0; n < 3; n++) await request('tools/call', { name: 'plain', arguments: args });
  };
  const lifecycle = async (args) => {
    const { content } = await generation.lifecycle(request, args);
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
  await client.close();
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
