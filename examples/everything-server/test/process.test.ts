import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { spawnEverythingServer, startEverythingServer } from '../src/testing.ts';
import { callerOf, postRaw, request, REVISION, serverOf } from './raw-client.ts';

const PING = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' });

describe('the process', () => {
  it('prints one line on stdout, serves there, and ends with 0 on SIGTERM', async () => {
    const server = await startEverythingServer();
    expect((await postRaw(server.url, PING)).status).toBe(200);
    expect(await server.stop()).toEqual({ exitCode: 0, stdout: `listening ${server.url}\n`, stderr: '' });
  });

  it('does not wait for a task that goes on beyond DRAIN_MS when it is told to stop', async () => {
    const server = await startEverythingServer({ DRAIN_MS: '100' });
    await callerOf(2026, server.url).startTask('slow_compute', { seconds: 3_600 });
    expect(await server.stop()).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('lets a task end that ends within DRAIN_MS when it is told to stop', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'drain-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const server = await startEverythingServer({ COUNT_DIR: directory, DRAIN_MS: '30000' });
    await callerOf(2026, server.url).startTask('count_steps', { steps: 5, stepMs: 100, file: 'log' });
    expect(await server.stop()).toMatchObject({ exitCode: 0, stderr: '' });
    expect((await readFile(join(directory, 'log'), 'utf8')).match(/\n/g)).toHaveLength(5);
  });

  it('[INTG-06] answers who waits for a task that ends within DRAIN_MS with its result', async () => {
    const server = await startEverythingServer();
    const caller = callerOf(2025, server.url);
    const { taskId } = await caller.startTask('slow_compute', { seconds: 1, label: 'in time' });
    const waiting = caller.request('tasks/result', { taskId });
    const ended = server.stop();
    const { result, error } = await waiting;
    expect(error).toBeUndefined();
    expect(result.content).toEqual([{ type: 'text', text: 'done: in time' }]);
    expect(await ended).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('ends with 1 and one line when its port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => {
      other.close();
    });
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { exitCode, stdout, stderr } = await spawnEverythingServer({ PORT: `${port}` }).ended;
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(/^[^\n]*EADDRINUSE[^\n]*\n$/);
  });
});

describe('the HTTP server', () => {
  it.each([
    ['Origin', { origin: 'https://evil.example' }],
    ['Origin', { origin: 'null' }],
    ['Host', { host: 'evil.example' }],
  ])('refuses a foreign %s with 403: %j', async (_name, headers) => {
    const { url } = await serverOf();
    expect(await statusWithHeaders(url, headers)).toBe(403);
  });

  it('accepts its own origin', async () => {
    const { url } = await serverOf();
    expect((await postRaw(url, PING, { headers: { origin: new URL(url).origin } })).status).toBe(200);
  });

  it('serves nothing beside /mcp', async () => {
    const { url } = await serverOf();
    expect((await fetch(new URL('/', url))).status).toBe(404);
  });

  it.each([
    ['no token', undefined],
    ['an unknown token', 'mallory'],
    ['a token with the start of a known one', 'alic'],
  ])('[SEC-07] answers %s with 401 and says how to come back', async (_name, token) => {
    const { url } = await serverOf({ TOKENS: 'alice,bob' });
    const response = await postRaw(url, PING, { token });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer /);
  });

  it('asks for the token in both generations, and on every method of HTTP', async () => {
    const { url } = await serverOf({ TOKENS: 'alice' });
    expect((await request(2026, url, 'tools/list')).httpStatus).toBe(401);
    expect((await request(2025, url, 'tools/list')).httpStatus).toBe(401);
    for (const method of ['GET', 'DELETE']) expect((await fetch(url, { method })).status).toBe(401);
  });

  it('[INTG-01] advertises tasks in both generations, each in its own way', async () => {
    const { url } = await serverOf({ TOKENS: 'alice' });
    const discovered = await request(2026, url, 'server/discover', {}, { token: 'alice' });
    expect(discovered.result.capabilities.extensions).toEqual({ 'io.modelcontextprotocol/tasks': {} });
    expect(discovered.result.capabilities.tasks).toBeUndefined();
    const initialized = await request(
      2025,
      url,
      'initialize',
      { protocolVersion: REVISION[2025], capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
      { token: 'alice' },
    );
    expect(initialized.result.capabilities.tasks).toEqual({
      list: {},
      cancel: {},
      requests: { tools: { call: {} } },
    });
    expect(initialized.result.capabilities.extensions).toBeUndefined();
  });
});

/** Node's fetch does not let a caller set `Host`. */
async function statusWithHeaders(url: string, headers: Record<string, string>): Promise<number | undefined> {
  const sent = send(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers } });
  const answered = once(sent, 'response');
  sent.end(PING);
  const [response] = (await answered) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}
