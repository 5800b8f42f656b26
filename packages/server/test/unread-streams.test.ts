import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect as openSocket, type Socket } from 'node:net';
import { PassThrough, Writable } from 'node:stream';
import { createTasks, type Tasks } from '@mcp-tasks/runner';
import type { JsonObject } from '@mcp-tasks/wire';
import { NodeStreamableHTTPServerTransport, toNodeHandler } from '@modelcontextprotocol/node';
import { McpServer, type Transport } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { attach, serveTasks, type TaskApp } from '../src/index.ts';

/** A condition is awaited; the deadline is for what never comes. */
const eventually = <Value>(look: () => Value) => expect.poll(look, { timeout: 20_000 });

const KiB = 1024;
const MiB = 1024 * KiB;
/** What the operating system takes for a reader that does not read, and more. */
const MAX_KERNEL_BYTES = 16 * MiB;
const PIECE_BYTES = 512 * KiB;
const PIECES = 64;
/** Messages of a kibibyte that a tool sends by itself. */
const FLOOD = 24_000;

const STATUS = 'notifications/tasks/status';
const OWNER = { owner: () => 'alice', onerror: () => undefined };
const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '0' },
  'io.modelcontextprotocol/clientCapabilities': { extensions: { 'io.modelcontextprotocol/tasks': {} } },
};

describe('a reader that does not read', () => {
  let tasks: Tasks;
  let begin: () => void;
  /** Messages that were handed to the SDK, by method, in bytes. */
  let sentBytes: Map<string, number>;
  /** Of this test alone: what it began may end later. */
  let seen: { published: number; flooded: number };
  /** Methods of the HTTP requests so far. */
  let requests: string[];
  /** Responses that are over, and all that was written to responses, in bytes. */
  let closedResponses: number;
  let writtenBytes: number;
  let lastStatus: unknown;
  const cleanups: (() => unknown)[] = [];

  beforeEach(() => {
    sentBytes = new Map();
    const mine = { published: 0, flooded: 0 };
    seen = mine;
    requests = [];
    closedResponses = 0;
    writtenBytes = 0;
    lastStatus = undefined;
    tasks = createTasks();
    const begun = new Promise<void>((resolve) => (begin = resolve));
    tasks.tool('noisy', {}, async (_args, task) => {
      await begun;
      for (let piece = 0; piece < PIECES; piece += 1) {
        task.status(`piece ${piece}`);
        const strings = Array.from({ length: PIECE_BYTES / (32 * KiB) }, () => 'p'.repeat(32 * KiB));
        await task.publish('piece', strings);
        mine.published += 1;
        // Whoever is told of a write goes on first.
        await new Promise((resolve) => setImmediate(resolve));
      }
      await new Promise((resolve) => {
        task.signal.addEventListener('abort', resolve);
      });
      return { content: [] };
    });
    tasks.tool(
      'counts',
      { taskSupport: 'forbidden', inputSchema: z.object({ to: z.number() }) },
      async ({ to }, task) => {
        for (let done = 1; done <= to; done += 1) {
          task.progress(done, to, 'm'.repeat(900));
          if (done % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
        }
        mine.published = to;
        return { content: [{ type: 'text', text: 'counted' }] };
      },
    );
    cleanups.push(() => tasks.close({ drainMs: 0 }));
  });
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  /** A server whose messages are counted on their way to the SDK, with a tool of its own that floods its client. */
  function countedServer(): McpServer {
    const mcp = new McpServer({ name: 'test', version: '0' }, { capabilities: { logging: {} } });
    const mine = seen;
    mcp.registerTool('floods', {}, async ({ mcpReq }) => {
      for (let count = 0; count < FLOOD; count += 1) {
        const params = { progressToken: 'p', progress: count, message: 'm'.repeat(KiB) };
        // What is ended takes no more.
        await mcpReq.notify({ method: 'notifications/progress', params }).catch(() => undefined);
        if (count % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      mine.flooded = FLOOD;
      return { content: [] };
    });
    const connect = mcp.server.connect.bind(mcp.server);
    mcp.server.connect = (transport: Transport) => {
      const send = transport.send.bind(transport);
      transport.send = (message, options) => {
        const kind = 'method' in message ? message.method : 'answer';
        if (kind === STATUS) lastStatus = (message as { params: JsonObject }).params['statusMessage'];
        sentBytes.set(kind, (sentBytes.get(kind) ?? 0) + JSON.stringify(message).length);
        return send(message, options);
      };
      return connect(transport);
    };
    return mcp;
  }

  async function listen(listener: RequestListener): Promise<number> {
    const server: Server = createServer((request, response) => {
      requests.push(request.method ?? '');
      const write = response.write.bind(response) as (chunk: Buffer, ...more: unknown[]) => boolean;
      response.write = (chunk: Buffer, ...more: unknown[]) => {
        writtenBytes += chunk.length;
        return write(chunk, ...more);
      };
      response.on('close', () => (closedResponses += 1));
      listener(request, response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.push(async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    });
    return (server.address() as AddressInfo).port;
  }

  function app(): TaskApp {
    const served = serveTasks(tasks, countedServer, OWNER);
    cleanups.push(() => served.close({ drainMs: 0 }));
    return served;
  }
  const withoutSessions = () => {
    const handle = toNodeHandler(app().http());
    // The adapter's type wants a property that node's request may lack.
    return listen((request, response) => void handle(request as Parameters<typeof handle>[0], response));
  };
  /** Sessions as the SDK's transport for Node.js serves them: one is enough here. */
  const withSession = async () => {
    const mcp = countedServer();
    attach(tasks, mcp, OWNER);
    const transport = new NodeStreamableHTTPServerTransport({ sessionIdGenerator: () => 'session' });
    await mcp.connect(transport);
    cleanups.push(() => transport.close());
    return listen(
      (request: IncomingMessage, response: ServerResponse) => void transport.handleRequest(request, response),
    );
  };

  function post(port: number, message: JsonObject | string, headers: Readonly<Record<string, string>>) {
    const body = typeof message === 'string' ? message : JSON.stringify(message);
    return fetch(`http://127.0.0.1:${port}/mcp`, { method: 'POST', headers, body });
  }
  const headersOf = (more: Readonly<Record<string, string>>) => ({
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2025-11-25',
    ...more,
  });
  const dataOf = async (response: Response): Promise<JsonObject> => {
    const text = await response.text();
    const data = /^data: (\{.*)$/m.exec(text)?.[1] ?? text;
    return JSON.parse(data) as JsonObject;
  };

  /** Send a request over a socket that nothing is read from. */
  function unread(port: number, method: string, headers: Readonly<Record<string, string>>, body = ''): Socket {
    const socket = openSocket(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.pause();
    cleanups.push(() => {
      socket.destroy();
    });
    const all = { host: 'localhost', 'content-length': String(Buffer.byteLength(body)), ...headers };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`${method} /mcp HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
    return socket;
  }

  async function createTask(port: number, headers: Readonly<Record<string, string>>): Promise<string> {
    const params = { name: 'noisy', arguments: {}, task: {}, _meta: { progressToken: 'p' } };
    const created = await dataOf(
      await post(port, { jsonrpc: '2.0', id: 'create', method: 'tools/call', params }, headers),
    );
    return ((created['result'] as JsonObject)['task'] as JsonObject)['taskId'] as string;
  }
  const initialize = (port: number) => {
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '0' } };
    return post(port, { jsonrpc: '2.0', id: 'initialize', method: 'initialize', params }, headersOf({})).then(
      (response) => response.text(),
    );
  };
  /** A request as a client of a generation sends it. */
  function requestOf(generation: string, method: string, params: JsonObject) {
    const isModern = generation === '2026-07-28';
    const sent = isModern
      ? { ...params, _meta: { ...(params['_meta'] as JsonObject | undefined), ...ENVELOPE } }
      : params;
    const named = typeof params['name'] === 'string' ? { 'mcp-name': params['name'] } : {};
    const headers = headersOf(isModern ? { 'mcp-protocol-version': generation, 'mcp-method': method, ...named } : {});
    return { headers, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: sent }) };
  }
  const callOf = (generation: string, name: string, args: JsonObject) =>
    requestOf(generation, 'tools/call', { name, arguments: args, _meta: { progressToken: 'p' } });
  const expectBounded = async (kind: string) => {
    await eventually(() => seen.published).toBe(PIECES);
    expect(sentBytes.get(kind) ?? 0).toBeGreaterThan(PIECE_BYTES);
    expect(sentBytes.get(kind) ?? 0).toBeLessThan(MAX_KERNEL_BYTES);
  };

  it.each(['without sessions', 'with a session'] as const)(
    'of tasks/result is told the latest state when it takes more, not every state: %s',
    async (way) => {
      const port = await (way === 'with a session' ? withSession() : withoutSessions());
      if (way === 'with a session') await initialize(port);
      const headers = headersOf(way === 'with a session' ? { 'mcp-session-id': 'session' } : {});
      const taskId = await createTask(port, headers);
      const body = { jsonrpc: '2.0', id: 1, method: 'tasks/result', params: { taskId } };
      const socket = unread(port, 'POST', headers, JSON.stringify(body));
      await eventually(() => requests.filter((method) => method === 'POST').length).toBe(
        way === 'with a session' ? 3 : 2,
      );
      begin();
      await expectBounded(STATUS);
      // What was not told step by step is told when the client reads again.
      socket.resume();
      await eventually(() => lastStatus).toBe(`piece ${PIECES - 1}`);
    },
  );

  it('[BOUN-04] of the stream of a session is told the latest state of one task after the other', async () => {
    const port = await withSession();
    await initialize(port);
    const headers = headersOf({ 'mcp-session-id': 'session' });
    unread(port, 'GET', { ...headers, accept: 'text/event-stream' });
    await eventually(() => requests.includes('GET')).toBe(true);
    // A second one is refused, and takes nothing from the first.
    const again = await fetch(`http://127.0.0.1:${port}/mcp`, { headers: { ...headers, accept: 'text/event-stream' } });
    expect(again.status).toBe(409);
    await again.text();
    await createTask(port, headers);
    await createTask(port, headers);
    begin();
    await eventually(() => seen.published).toBe(2 * PIECES);
    expect(sentBytes.get(STATUS) ?? 0).toBeGreaterThan(PIECE_BYTES);
    expect(sentBytes.get(STATUS) ?? 0).toBeLessThan(MAX_KERNEL_BYTES);
  });

  it.each(['2025-11-25', '2026-07-28'] as const)(
    'of an inline call of %s is told the latest progress, not every report',
    async (generation) => {
      const port = await withoutSessions();
      const to = 24_000;
      const { headers, body } = callOf(generation, 'counts', { to });
      unread(port, 'POST', headers, body);
      await eventually(() => seen.published).toBe(to);
      expect(sentBytes.get('notifications/progress') ?? 0).toBeGreaterThan(100 * KiB);
      expect(sentBytes.get('notifications/progress') ?? 0).toBeLessThan(MAX_KERNEL_BYTES);
    },
  );

  it.each(['2025-11-25', '2026-07-28'] as const)(
    'has its stream of %s ended when more than 1 MiB waits that a tool of the server sent by itself',
    async (generation) => {
      const port = await withoutSessions();
      const { headers, body } = callOf(generation, 'floods', {});
      const socket = unread(port, 'POST', headers, body);
      await eventually(() => seen.flooded).toBe(FLOOD);
      let receivedBytes = 0;
      socket.on('data', (chunk: Buffer) => (receivedBytes += chunk.length));
      socket.resume();
      await eventually(() => closedResponses).toBe(1);
      expect(receivedBytes).toBeLessThan(MAX_KERNEL_BYTES);
    },
  );

  it('[BOUN-04] has its stream in a session ended when more than 1 MiB waits that a tool of the server sent by itself', async () => {
    const port = await withSession();
    await initialize(port);
    const { headers, body } = callOf('2025-11-25', 'floods', {});
    unread(port, 'POST', { ...headers, 'mcp-session-id': 'session' }, body);
    // That of `initialize` is over too.
    await eventually(() => closedResponses).toBe(2);
    expect(writtenBytes).toBeLessThan(MAX_KERNEL_BYTES);
  });

  it('[BOUN-04] of subscriptions/listen is told the latest state when it takes more, not every state', async () => {
    const port = await withoutSessions();
    const call = callOf('2026-07-28', 'noisy', {});
    const created = await dataOf(await post(port, call.body, call.headers));
    const { taskId } = created['result'] as { taskId: string };
    const { headers, body } = requestOf('2026-07-28', 'subscriptions/listen', { notifications: { taskIds: [taskId] } });
    unread(port, 'POST', headers, body);
    await eventually(() => requests.length).toBe(2);
    begin();
    await eventually(() => seen.published).toBe(PIECES);
    expect(writtenBytes).toBeGreaterThan(PIECE_BYTES);
    expect(writtenBytes).toBeLessThan(MAX_KERNEL_BYTES);
  });

  it.each(['2025-11-25', '2026-07-28'] as const)(
    'of a pipe has one message of %s waiting, however many tasks there are',
    async (generation) => {
      const stdin = new PassThrough();
      let isRead = true;
      let goOn = (): void => undefined;
      let taken = '';
      const stdout = new Writable({
        write(chunk: Buffer, _encoding, done) {
          taken += chunk.toString();
          goOn = done;
          if (isRead) done();
        },
      });
      const stdio = app().stdio({ transport: new StdioServerTransport(stdin, stdout) });
      cleanups.push(() => stdio.close());
      cleanups.push(() => {
        isRead = true;
        goOn();
      });
      const send = (message: JsonObject) => stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
      if (generation === '2025-11-25') {
        send({
          id: 0,
          method: 'initialize',
          params: { protocolVersion: generation, capabilities: {}, clientInfo: { name: 'raw', version: '0' } },
        });
      }
      const meta = generation === '2025-11-25' ? {} : { _meta: ENVELOPE };
      for (const id of [1, 2, 3, 4])
        send({
          id,
          method: 'tools/call',
          params: { name: 'noisy', arguments: {}, ...(generation === '2025-11-25' && { task: {} }), ...meta },
        });
      await eventually(() => taken.split('"taskId"').length - 1).toBe(4);
      const taskIds = [...taken.matchAll(/"taskId":"([^"]+)"/g)].map(([, taskId]) => taskId ?? '');
      if (generation === '2026-07-28') {
        send({ id: 9, method: 'subscriptions/listen', params: { notifications: { taskIds }, ...meta } });
        await eventually(() => taken.includes('acknowledged')).toBe(true);
      }
      isRead = false;
      begin();
      await eventually(() => seen.published).toBe(4 * PIECES);
      expect(stdout.writableLength).toBeGreaterThan(0);
      expect(stdout.writableLength).toBeLessThan(3 * PIECE_BYTES);
    },
  );
});
