import { createTasks, type Tasks } from '@mcp-tasks/runner';
import { workflow } from '@mcp-tasks/workflow';
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { InMemoryTransport, McpServer } from '@modelcontextprotocol/server';
import { describe, expect, it, onTestFinished } from 'vitest';
import { attach, serveTasks, type ServeTasksOptions, withSessions } from '../../src/index.ts';
import { connectTestClient } from '../../src/testing.ts';
import { HttpClient } from '../support/http-client.ts';

const newServer = () => new McpServer({ name: 'test', version: '0' });
const shared = newServer();

/** Each factory that an author may write by mistake, and what `onerror` has to say. */
const FAULTS: readonly [string, () => unknown, RegExp][] = [
  [
    'throws',
    () => {
      throw new TypeError('no config file');
    },
    /^The factory that makes the server threw: no config file\.$/,
  ],
  ['rejects', () => Promise.reject(new TypeError('no database')), /threw: no database\.$/],
  ['returns nothing', () => undefined, /it returned undefined; end it with `return server`\.$/],
  ['returns null', () => null, /it returned null/],
  ['returns a name', () => 'server', /it returned a string\.$/],
  ['returns a server of SDK v1', () => new McpServerV1({ name: 'x', version: '1' }), /version 1 of the SDK/],
  ['returns the low-level server', () => newServer().server, /return the McpServer around it\.$/],
  ['returns a map', () => new Map(), /it returned an object of class Map\.$/],
  [
    'takes the name of a tool',
    () => {
      const mcp = newServer();
      mcp.registerTool('hold', {}, () => ({ content: [] }));
      return mcp;
    },
    /The tool "hold" is registered twice, .*: rename one of them\.$/,
  ],
  ['returns a connected server', () => shared, /make a new server each time/],
];

function heard(): { readonly errors: string[]; readonly onerror: (error: unknown) => void } {
  const errors: string[] = [];
  return { errors, onerror: (error) => errors.push((error as Error).message) };
}

function taskLayer(): Tasks {
  const tasks = createTasks();
  tasks.tool('hold', {}, () => ({ content: [] }));
  onTestFinished(() => tasks.close({ drainMs: 0 }));
  return tasks;
}

describe('a factory that is wrong', () => {
  it.each(FAULTS)(
    'is told to onerror with what to do, and never to the client: one that %s',
    async (_what, make, says) => {
      if (!shared.isConnected()) await shared.connect(InMemoryTransport.createLinkedPair()[0]);
      const factory = make as unknown as () => McpServer;
      const { errors, onerror } = heard();
      const app = serveTasks(taskLayer(), factory, { owner: () => 'alice', onerror });
      const handler = app.http();
      for (const generation of ['2026-07-28', '2025-11-25'] as const) {
        const method = generation === '2026-07-28' ? 'server/discover' : 'tools/list';
        const reply = await new HttpClient(handler, { generation }).request(method);
        expect(reply.error).toMatchObject({ code: -32603 });
        expect(JSON.stringify(reply)).not.toMatch(/config file|database|factory/);
      }
      const inSessions = new HttpClient(app.http({ legacy: 'sessions' }), { generation: '2025-11-25' });
      expect((await inSessions.request('initialize', INITIALIZE)).error).toMatchObject({ code: -32603 });
      expect(errors).toEqual([expect.stringMatching(says), expect.stringMatching(says), expect.stringMatching(says)]);

      for (const generation of ['2026-07-28', '2025-11-25'] as const) {
        const test = heard();
        const opened = connectTestClient(taskLayer(), { generation, createServer: factory, onerror: test.onerror });
        await opened.then((client) => client.request('tools/list')).catch(() => undefined);
        expect(test.errors).toEqual([expect.stringMatching(says)]);
      }
    },
  );

  it.each([
    ['a server', newServer(), /not a server: write \(\) => new McpServer/],
    ['a class', McpServer, /not a class: write \(\) => new McpServer/],
    ['nothing', undefined, /not undefined/],
  ])('is refused at once where it is %s', (_what, factory, says) => {
    const tasks = taskLayer();
    expect(() => serveTasks(tasks, factory as never)).toThrow(says);
    const handler = serveTasks(tasks, newServer).http();
    expect(() => withSessions(tasks, handler, factory as never)).toThrow(says);
  });

  it('is refused at once where the task layer is something else', () => {
    expect(() => serveTasks(newServer as never, newServer)).toThrow(/tasks must be made by createTasks/);
    expect(() => {
      attach({} as never, newServer());
    }).toThrow(/tasks must be made by createTasks/);
  });

  it('need not be called for a workflow tool to be missed that takes the name of another', () => {
    const tasks = taskLayer();
    workflow(tasks, 'trip', { description: 'A trip' }, ({ step }) => {
      step('go', { tool: 'hold', client: true });
    });
    const options: ServeTasksOptions = { workflows: { continueTool: 'hold' } };
    expect(() => serveTasks(tasks, newServer, options)).toThrow(/must be the name of no other tool: "hold" is one/);
  });

  it('does not take a server for attached that could not be', () => {
    const tasks = taskLayer();
    const mcp = newServer();
    mcp.registerTool('hold', {}, () => ({ content: [] }));
    for (let n = 0; n < 2; n++)
      expect(() => {
        attach(tasks, mcp);
      }).toThrow(/"hold" is registered twice/);
  });
});

const INITIALIZE = {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'test', version: '0' },
};
