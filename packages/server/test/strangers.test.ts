import type { JsonObject } from '@mcp-tasks/wire';
import { McpServer, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { attach, serveTasks, type TaskApp } from '../src/index.ts';
import { HttpClient } from './support/http-client.ts';
import { createTestTools, type TestTools } from './support/test-tools.ts';

const GENERATIONS = ['2025-11-25', '2026-07-28'] as const;
const KEY = 'io.github.mcp-tasks/idempotency-key';
const ANONYMOUS = { anonymous: 'allow' } as const;

let tools: TestTools;
let app: TaskApp;

beforeEach(() => {
  tools = createTestTools();
  const inputSchema = z.object({ order: z.string() });
  tools.tasks.tool('pay', { inputSchema, idempotencyKey: ({ order }) => order }, () => ({
    content: [{ type: 'text', text: 'paid' }],
  }));
  app = serveTasks(tools.tasks, () => new McpServer({ name: 'test', version: '0' }), ANONYMOUS);
});
afterEach(() => app.close({ drainMs: 0 }));

/** A call that asks for a task, in the way of either generation. */
function call(client: HttpClient, key?: string) {
  return client.request('tools/call', {
    name: 'pay',
    arguments: { order: '1' },
    task: {},
    ...(key !== undefined && { _meta: { [KEY]: key } }),
  });
}
function taskIdOf({ result }: Awaited<ReturnType<typeof call>>): unknown {
  return result?.['taskId'] ?? (result?.['task'] as JsonObject | undefined)?.['taskId'];
}

describe.each(GENERATIONS)('[SEC-07] [BOUN-06] anonymous callers of %s over HTTP without sessions', (generation) => {
  const stranger = () => new HttpClient(app.http(), { generation });

  it('cannot use an idempotency key, and are told why', async () => {
    for (const key of ['k', 'tool:x', 'client:x']) {
      const { error } = await call(stranger(), key);
      expect(error).toMatchObject({ code: -32602, data: { code: 'TASK_OWNER_REQUIRED', field: 'idempotencyKey' } });
      expect(error?.message).toMatch(/share one owner/);
    }
    expect(tools.runs).toEqual([]);
  });

  it('are never handed the task of another by the key that a tool makes', async () => {
    const ids = [taskIdOf(await call(stranger())), taskIdOf(await call(stranger()))];
    expect(ids).toEqual([expect.any(String), expect.any(String)]);
    expect(new Set(ids).size).toBe(2);
  });

  it('may give a key to a call that becomes no task, where it means nothing', async () => {
    const params = { name: 'greet', arguments: { name: 'Ada' }, _meta: { [KEY]: 'k' } };
    expect(await stranger().result('tools/call', params)).toMatchObject({ content: [{ text: 'Hello, Ada!' }] });
  });

  it('keep the keys of callers with an owner to these', async () => {
    const authInfo = { token: 't', clientId: 'app', scopes: [], extra: { sub: 'alice' } };
    const alice = new HttpClient(app.http(), { generation, authInfo });
    const id = taskIdOf(await call(alice, 'k'));
    expect(taskIdOf(await call(alice, 'k'))).toBe(id);
    expect(taskIdOf(await call(alice))).toBe(taskIdOf(await call(alice)));
    expect(JSON.stringify(await call(stranger(), 'k'))).not.toContain(id);
  });
});

it('[SEC-07] [BOUN-06] gives an anonymous workflow prompt with a key no task of another', async () => {
  const key = { _meta: { [KEY]: 'k' } };
  const { workflow } = await import('@mcp-tasks/workflow');
  workflow(tools.tasks, 'release', { description: 'Release it' }, ({ step }) => {
    step('approval', { client: true, tool: 'greet' });
  });
  for (const generation of GENERATIONS) {
    const client = new HttpClient(app.http(), { generation });
    const { error } = await client.request('prompts/get', { name: 'release', ...key });
    expect(error).toMatchObject({ code: -32602, data: { code: 'TASK_OWNER_REQUIRED' } });
  }
});

describe('[SEC-07] [BOUN-06] anonymous callers of 2025-11-25 with sessions', () => {
  async function openSession(): Promise<HttpClient> {
    const mcp = new McpServer({ name: 'test', version: '0' });
    attach(tools.tasks, mcp, ANONYMOUS);
    const transport = new WebStandardStreamableHTTPServerTransport({ sessionIdGenerator: () => crypto.randomUUID() });
    await mcp.connect(transport);
    const handler = { fetch: (request: Request) => transport.handleRequest(request) };
    await new HttpClient(handler, { generation: '2025-11-25' }).result('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'raw', version: '0' },
    });
    const headers = { 'mcp-session-id': transport.sessionId ?? '' };
    return new HttpClient(handler, { generation: '2025-11-25', headers });
  }

  it.each([
    ['a key of theirs', 'k'],
    ['the key that a tool makes', undefined],
  ])('get one task for equal calls with %s in one session, and none of another session', async (_what, key) => {
    const [one, other] = [await openSession(), await openSession()];
    const id = taskIdOf(await call(one, key));
    expect(id).toEqual(expect.any(String));
    expect(taskIdOf(await call(one, key))).toBe(id);
    expect(JSON.stringify(await call(other, key))).not.toContain(id);
    expect(taskIdOf(await call(other, key))).toEqual(expect.any(String));
  });
});
