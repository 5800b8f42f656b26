import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CallToolResultSchema, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { type AuthInfo, McpServer } from '@modelcontextprotocol/server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { serveTasks, type TaskApp } from '../src/index.ts';
import { createTestTools, type TestTools } from './support/test-tools.ts';

const ENDPOINT = new URL('http://localhost/mcp');
const ALICE: AuthInfo = { token: 'a', clientId: 'app', scopes: [], extra: { sub: 'alice' } };
const INFO = { name: 'client', version: '0' };

describe("clients of the official SDK, over HTTP to the handler's fetch", () => {
  let tools: TestTools;
  let app: TaskApp;
  let fetch: (url: string | URL, init?: RequestInit) => Promise<Response>;
  const closers: (() => Promise<void>)[] = [];

  beforeEach(() => {
    tools = createTestTools({ limits: { pollIntervalMs: 10 } });
    app = serveTasks(tools.tasks, () => new McpServer({ name: 'test', version: '0' }));
    const handler = app.http();
    fetch = (url, init) => handler.fetch(new Request(url, init), { authInfo: ALICE });
  });
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
    await app.close({ drainMs: 0 });
  });

  describe('version 1 with its experimental tasks (2025-11-25)', () => {
    async function connect(): Promise<ClientV1> {
      const client = new ClientV1(INFO, { capabilities: { elicitation: {} } });
      client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'accept', content: { name: 'Luca' } }));
      // Its types were made without `exactOptionalPropertyTypes`.
      await client.connect(new TransportV1(ENDPOINT, { fetch }));
      closers.push(() => client.close());
      await client.listTools();
      return client;
    }

    it('[TEST-08] takes a task from its call to its result, question included', async () => {
      const client = await connect();
      const seen: string[] = [];
      for await (const message of client.experimental.tasks.callToolStream({ name: 'asks_two', arguments: {} })) {
        seen.push(message.type);
        if (message.type === 'result')
          expect(message.result.content).toEqual([{ type: 'text', text: 'Luca and Luca' }]);
      }
      expect(seen.at(0)).toBe('taskCreated');
      expect(seen.at(-1)).toBe('result');
    });

    it('[TEST-08] gets, lists and cancels a task', async () => {
      const client = await connect();
      const stream = client.experimental.tasks.callToolStream({ name: 'hold', arguments: {} }, undefined, {
        task: { ttl: 60_000 },
      });
      const first = await stream.next();
      if (first.done === true || first.value.type !== 'taskCreated') throw new TypeError('no task');
      const { taskId } = first.value.task;
      expect(await client.experimental.tasks.getTask(taskId)).toMatchObject({ status: 'working', ttl: 60_000 });
      expect(await client.experimental.tasks.listTasks()).toMatchObject({ tasks: [{ taskId }] });
      expect(await client.experimental.tasks.cancelTask(taskId)).toMatchObject({ status: 'cancelled' });
      await expect(client.experimental.tasks.getTaskResult(taskId, CallToolResultSchema)).rejects.toMatchObject({
        code: -32602,
      });
    });
  });

  describe('version 2', () => {
    async function connect(options: ConstructorParameters<typeof Client>[1]): Promise<Client> {
      const client = new Client(INFO, options);
      await client.connect(new StreamableHTTPClientTransport(ENDPOINT, { fetch }));
      closers.push(() => client.close());
      return client;
    }
    const modern = { versionNegotiation: { mode: { pin: '2026-07-28' } } } as const;

    it.each([
      ['2025-11-25', {}],
      ['2026-07-28', modern],
    ])('[TEST-08] calls tools in %s without knowing of tasks', async (_generation, options) => {
      const client = await connect(options);
      const result = await client.callTool({ name: 'whoami', arguments: {} });
      expect(result.content).toEqual([{ type: 'text', text: '["subject",null,"alice"] inline' }]);
      expect((await client.callTool({ name: 'structured', arguments: {} })).structuredContent).toEqual({ n: 1 });
    });

    it('[TEST-08] answers what a tool asks before its work, without knowing of tasks', async () => {
      const client = await connect({ ...modern, capabilities: { elicitation: {} } });
      client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { name: 'Luca' } }));
      const result = await client.callTool({ name: 'asks_first', arguments: {} });
      expect(result.content).toEqual([{ type: 'text', text: 'Hello, Luca!' }]);
    });

    it('[TEST-08] takes a task of 2025-11-25 from its call to its result', async () => {
      const client = await connect({});
      const open = z.looseObject({});
      const call = { name: 'structured', arguments: {}, task: {} };
      const created = z
        .object({ task: z.object({ taskId: z.string() }) })
        .parse(await client.request({ method: 'tools/call', params: call }, open));
      const { taskId } = created.task;
      expect(await client.request({ method: 'tasks/result', params: { taskId } }, open)).toMatchObject({
        structuredContent: { n: 1 },
      });
      expect(await client.request({ method: 'tasks/get', params: { taskId } }, open)).toMatchObject({
        status: 'completed',
      });
    });
  });
});
