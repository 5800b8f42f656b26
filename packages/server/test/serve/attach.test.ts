import { createRequire } from 'node:module';
import type { JsonObject } from '@mcp-tasks/wire';
import { InMemoryTransport, McpServer, SdkError } from '@modelcontextprotocol/server';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { attach } from '../../src/index.ts';
import { WireClient } from '../../src/testing/wire-client.ts';
import { createTestTools, type TestTools } from '../support/test-tools.ts';

const INITIALIZE = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '0' } };

describe('attach', () => {
  let tools: TestTools;
  const servers: McpServer[] = [];

  beforeEach(() => {
    tools = createTestTools();
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
    await tools.tasks.close({ drainMs: 0 });
  });

  const newServer = (options?: ConstructorParameters<typeof McpServer>[1]) => {
    const server = new McpServer({ name: 'test', version: '0' }, options);
    servers.push(server);
    return server;
  };
  async function connect(server: McpServer): Promise<WireClient> {
    const [clientEnd, serverEnd] = InMemoryTransport.createLinkedPair();
    await server.connect(serverEnd);
    const client = new WireClient(clientEnd, () => Promise.reject(new TypeError('asks nothing')));
    await client.open();
    await client.request('initialize', INITIALIZE);
    return client;
  }
  const startsTask = async (client: WireClient) =>
    client.request('tools/call', { name: 'echo', arguments: { value: 'x' }, task: {} });

  it('serves tasks alone, whether the constructor knows of tools or not', async () => {
    for (const options of [undefined, { capabilities: { tools: {} } }]) {
      const server = newServer(options);
      attach(tools.tasks, server);
      expect(await startsTask(await connect(server))).toMatchObject({ task: { status: 'working' } });
    }
  });

  it("lives with the server's own tools, registered before and after", async () => {
    const server = newServer();
    server.registerTool('before', { inputSchema: z.object({}) }, () => ({
      content: [{ type: 'text', text: 'before' }],
    }));
    attach(tools.tasks, server);
    server.registerTool('after', {}, () => ({ content: [{ type: 'text', text: 'after' }] }));
    const client = await connect(server);
    for (const name of ['before', 'after']) {
      expect(await client.request('tools/call', { name, arguments: {} })).toEqual({
        content: [{ type: 'text', text: name }],
      });
    }
    expect(await startsTask(client)).toMatchObject({ task: { status: 'working' } });
  });

  it("[TYPE-08] refuses a task of the server's own tool, which has no say in it, without running it", async () => {
    const run = vi.fn(() => ({ content: [] }));
    const server = newServer();
    server.registerTool('own', {}, run);
    attach(tools.tasks, server);
    const client = await connect(server);
    const refused = client.request('tools/call', { name: 'own', arguments: {}, task: {} });
    await expect(refused).rejects.toMatchObject({ code: -32601, data: { code: 'TASK_NOT_SUPPORTED', tool: 'own' } });
    expect(run).not.toHaveBeenCalled();
  });

  it('does nothing when it is called again for the same server', async () => {
    const server = newServer();
    attach(tools.tasks, server);
    attach(tools.tasks, server);
    const { tools: listed } = await (await connect(server)).request('tools/list', {});
    expect((listed as JsonObject[]).map(({ name }) => name)).toEqual([...tools.tasks.tools.keys()]);
  });

  it('refuses a server that has other tasks', () => {
    const server = newServer();
    attach(tools.tasks, server);
    expect(() => {
      attach(createTestTools().tasks, server);
    }).toThrow(TypeError);
  });

  it("refuses a server of the SDK's other copy, and names the files of both", () => {
    const sdk = createRequire(import.meta.url)('@modelcontextprotocol/server') as { McpServer: typeof McpServer };
    const prepareStackTrace: unknown = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')?.value;
    for (const other of [sdk.McpServer, class Mine extends sdk.McpServer {}]) {
      expect(() => {
        attach(tools.tasks, new other({ name: 'x', version: '1' }));
      }).toThrow(
        expect.objectContaining({
          code: 'COPIES_MIXED',
          message: expect.stringMatching(
            /^The McpServer comes from \/.*\/dist\/[\w-]+\.cjs, and is used by \/.*\/dist\/[\w-]+\.mjs, which /,
          ) as string,
        }),
      );
    }
    expect(Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')?.value).toBe(prepareStackTrace);
  });

  it('refuses anything else by a TypeError', () => {
    const isConnected = () => false;
    const strangers = [undefined, 1, {}, { registerTool: 1, isConnected: 1 }, { registerTool: 1, isConnected }];
    for (const stranger of strangers) {
      expect(() => {
        attach(tools.tasks, stranger as unknown as McpServer);
      }).toThrow(/^attach must be given an McpServer of "@modelcontextprotocol\/server": .*\.$/);
    }
  });

  it('refuses a server that is connected already', async () => {
    const server = newServer();
    await connect(server);
    const late = () => {
      attach(tools.tasks, server);
    };
    expect(late).toThrow(SdkError);
    expect(late).toThrow(expect.objectContaining({ code: 'ALREADY_CONNECTED' }));
  });

  it.each([
    ['owner', { owner: 'alice' }],
    ['anonymous', { anonymous: 'yes' }],
    ['caller', { caller: {} }],
    ['onWarning', { onWarning: true }],
  ])('refuses a wrong option, naming it: %s', (name, options) => {
    expect(() => {
      attach(tools.tasks, newServer(), options as never);
    }).toThrow(new RegExp(`^attach: ${name} must be `));
  });

  it('says loudly that two tools have one name', () => {
    const server = newServer();
    server.registerTool('echo', {}, () => ({ content: [] }));
    expect(() => {
      attach(tools.tasks, server);
    }).toThrow('echo');
  });

  it('serves the tools that were registered when it was called', async () => {
    const early = newServer();
    attach(tools.tasks, early);
    tools.tasks.tool('late', {}, () => ({ content: [] }));
    const later = newServer();
    attach(tools.tasks, later);
    const names = async (server: McpServer) =>
      ((await (await connect(server)).request('tools/list', {}))['tools'] as JsonObject[]).map(({ name }) => name);
    expect(await names(early)).not.toContain('late');
    expect(await names(later)).toContain('late');
  });

  it('leaves what else the server declares as it is', async () => {
    const server = newServer({ capabilities: { extensions: { 'com.example/other': { a: 1 } }, logging: {} } });
    attach(tools.tasks, server);
    const [clientEnd, serverEnd] = InMemoryTransport.createLinkedPair();
    await server.connect(serverEnd);
    const client = new WireClient(clientEnd, () => Promise.reject(new TypeError('asks nothing')));
    await client.open();
    const { capabilities } = await client.request('initialize', INITIALIZE);
    expect(capabilities).toMatchObject({ extensions: { 'com.example/other': { a: 1 } }, logging: {} });
    expect(capabilities).not.toHaveProperty(['extensions', 'io.modelcontextprotocol/tasks']);
  });

  it('hands every option of a tool to the SDK', async () => {
    const icons = [{ src: 'https://example.com/icon.png', mimeType: 'image/png', sizes: ['48x48'] }];
    tools.tasks.tool(
      'decorated',
      {
        title: 'Decorated',
        description: 'Has everything',
        inputSchema: z.object({ a: z.string() }),
        outputSchema: z.object({ b: z.number() }),
        annotations: { readOnlyHint: true },
        icons,
        _meta: { 'com.example/x': 1 },
      },
      () => ({ content: [], structuredContent: { b: 1 } }),
    );
    const server = newServer();
    attach(tools.tasks, server);
    const { tools: listed } = await (await connect(server)).request('tools/list', {});
    expect((listed as JsonObject[]).find(({ name }) => name === 'decorated')).toMatchObject({
      title: 'Decorated',
      description: 'Has everything',
      inputSchema: { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
      outputSchema: { type: 'object', properties: { b: { type: 'number' } } },
      annotations: { readOnlyHint: true },
      icons,
      _meta: { 'com.example/x': 1 },
      execution: { taskSupport: 'optional' },
    });
  });

  it('forgets the connection of a server that is closed, so that it can connect again', async () => {
    const server = newServer();
    attach(tools.tasks, server);
    const first = await connect(server);
    await first.close();
    expect(await startsTask(await connect(server))).toMatchObject({ task: { status: 'working' } });
  });
});
