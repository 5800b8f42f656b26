import { PassThrough } from 'node:stream';
import { type JsonObject, WORKFLOW_META_KEY } from '@mcp-tasks/wire';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { type AuthInfo, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { attach, serveTasks, type TaskApp } from '../../src/index.ts';
import { envelope2026 } from '../../src/testing/drive-2026.ts';
import { HttpClient } from '../support/http-client.ts';
import {
  createServerWithTools,
  createTestWorkflows,
  statuses,
  type TestWorkflows,
  workflowMeta,
} from '../support/test-workflows.ts';

const ALICE: AuthInfo = {
  token: 'a',
  clientId: 'app',
  scopes: [],
  extra: { iss: 'https://idp.example', sub: 'alice' },
};
const ENDPOINT = new URL('http://localhost/mcp');
const INFO = { name: 'client', version: '0' };

type Request = (method: string, params: JsonObject) => Promise<JsonObject>;

describe('a workflow from its prompt to its end', () => {
  let made: TestWorkflows;
  let app: TaskApp;
  const closers: (() => Promise<unknown>)[] = [];

  beforeEach(() => {
    made = createTestWorkflows({ limits: { pollIntervalMs: 10 } });
    app = serveTasks(made.tasks, createServerWithTools);
  });
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
    await app.close({ drainMs: 0 });
  });

  /** Start, continue by `_meta`, continue as a model does, and look at the task meanwhile. */
  async function drive(request: Request): Promise<void> {
    const { taskId } = workflowMeta(
      await request('prompts/get', { name: 'deploy_service', arguments: { region: 'eu' } }),
    );
    const approved = await request('tools/call', {
      name: 'approve',
      arguments: { replicas: 3 },
      _meta: { [WORKFLOW_META_KEY]: { taskId } },
    });
    expect(workflowMeta(approved).matchedStep).toBe('approve');
    const get = async () => workflowMeta(await request('tasks/get', { taskId }));
    await expect
      .poll(get)
      .toMatchObject({ remaining: [{ step: 'announce', arguments: { url: 'https://eu.example' } }] });
    const announced = await request('tools/call', {
      name: 'continue_workflow',
      arguments: { taskId, step: 'announce', arguments: { announced: true } },
    });
    expect(workflowMeta(announced)).toMatchObject({ matchedStep: 'announce', status: 'completed' });
    expect(await request('tasks/get', { taskId })).toMatchObject({ status: 'completed' });
  }

  describe.each(['2025-11-25', '2026-07-28'] as const)('over HTTP without sessions, in %s', (generation) => {
    const connect = (handler = app.http()) => new HttpClient(handler, { generation, authInfo: ALICE });

    it('[WINT-04] is one of requests that know nothing of each other', async () => {
      const handler = app.http();
      await drive((method, params) => connect(handler).result(method, params));
    });

    it('goes on when the client leaves during the prompt', async () => {
      const client = connect();
      const leave = new AbortController();
      const asked = client.request('prompts/get', { name: 'slow' }, leave.signal).catch(() => undefined);
      await expect.poll(() => made.runs).toEqual(['hold']);
      leave.abort();
      await asked;
      made.release();
      const [head] = (await made.tasks.for(JSON.stringify(['subject', 'https://idp.example', 'alice'])).list()).heads;
      const get = async () => statuses(workflowMeta(await client.result('tasks/get', { taskId: head?.taskId ?? '' })));
      await expect.poll(get).toEqual({ hold: 'completed', report: 'pending' });
    });

    it('refuses the prompt by name of what is wrong', async () => {
      const { error } = await connect().request('prompts/get', { name: 'deploy_service', arguments: { region: 7 } });
      expect(error).toMatchObject({ code: -32602, message: expect.stringContaining('region') as string });
    });
  });

  it('[WINT-04] on a session of 2025-11-25', async () => {
    const mcp = createServerWithTools();
    attach(made.tasks, mcp, { owner: () => 'alice' });
    const transport = new WebStandardStreamableHTTPServerTransport({ sessionIdGenerator: () => crypto.randomUUID() });
    await mcp.connect(transport);
    closers.push(() => transport.close());
    const handler = { fetch: (request: globalThis.Request) => transport.handleRequest(request) };
    const opening = new HttpClient(handler, { generation: '2025-11-25' });
    await opening.result('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: INFO });
    const headers = { 'mcp-session-id': transport.sessionId ?? '' };
    const client = new HttpClient(handler, { generation: '2025-11-25', headers });
    await drive((method, params) => client.result(method, params));
  });

  describe('over stdio', () => {
    let request: Request;

    beforeEach(() => {
      const [stdin, stdout] = [new PassThrough(), new PassThrough()];
      const received: JsonObject[] = [];
      let buffer = '';
      stdout.setEncoding('utf8').on('data', (chunk: string) => {
        const lines = (buffer + chunk).split('\n');
        buffer = lines.pop() ?? '';
        received.push(...lines.map((line) => JSON.parse(line) as JsonObject));
      });
      app.stdio({ transport: new StdioServerTransport(stdin, stdout) });
      let lastId = 0;
      request = async (method, params) => {
        const id = ++lastId;
        stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
        const find = () => received.find((message) => message['id'] === id && !('method' in message));
        await expect.poll(find, { timeout: 10_000 }).toBeDefined();
        return find()?.['result'] as JsonObject;
      };
    });

    it('[WINT-04] in 2025-11-25', async () => {
      await request('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: INFO });
      await drive(request);
    });

    it('[WINT-04] in 2026-07-28', async () => {
      const withEnvelope = envelope2026({}, true);
      await drive((method, params) => request(method, withEnvelope(params)));
    });
  });

  describe('by clients of the official SDK', () => {
    const fetch = (): ((url: string | URL, init?: RequestInit) => Promise<Response>) => {
      const handler = app.http();
      return (url, init) => handler.fetch(new globalThis.Request(url, init), { authInfo: ALICE });
    };
    const continued = { name: 'approve', arguments: { replicas: 3 } };

    it('[WINT-04] version 2, which knows nothing of tasks', async () => {
      const client = new Client(INFO, { versionNegotiation: { mode: 'auto' } });
      await client.connect(new StreamableHTTPClientTransport(ENDPOINT, { fetch: fetch() }));
      closers.push(() => client.close());
      const { prompts } = await client.listPrompts();
      expect(prompts.map(({ name }) => name)).toContain('deploy_service');
      const prompt = await client.getPrompt({ name: 'deploy_service', arguments: { region: 'eu' } });
      const { taskId, pollable } = workflowMeta(prompt as JsonObject);
      expect(pollable).toBe(false);
      const answer = await client.callTool({ ...continued, _meta: { [WORKFLOW_META_KEY]: { taskId } } });
      expect(workflowMeta(answer as unknown as JsonObject)).toMatchObject({ matchedStep: 'approve', pollable: false });
    });

    it('[WINT-04] version 1', async () => {
      const client = new ClientV1(INFO);
      await client.connect(new TransportV1(ENDPOINT, { fetch: fetch() }));
      closers.push(() => client.close());
      const prompt = await client.getPrompt({ name: 'deploy_service', arguments: { region: 'eu' } });
      const { taskId } = workflowMeta(prompt as JsonObject);
      const answer = await client.callTool({ ...continued, _meta: { [WORKFLOW_META_KEY]: { taskId } } });
      expect(workflowMeta(answer as unknown as JsonObject)).toMatchObject({ matchedStep: 'approve' });
    });
  });
});
