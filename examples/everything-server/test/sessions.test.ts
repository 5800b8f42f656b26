import { describe, expect, it, onTestFinished } from 'vitest';
import { accept, finish } from './conversation.ts';
import {
  type Caller,
  callerOf,
  messagesOf,
  postRaw,
  request,
  REVISION,
  serverOf,
  type WireMessage,
} from './raw-client.ts';

interface Session {
  readonly id: string;
  readonly caller: Caller;
}

async function openSession(url: string, token?: string): Promise<Session> {
  const clientInfo = { name: 'raw', version: '1' };
  const params = { protocolVersion: REVISION[2025], capabilities: { elicitation: {} }, clientInfo };
  const { headers, result } = await request(2025, url, 'initialize', params, { token });
  expect(result).toMatchObject({ capabilities: { tasks: { requests: { tools: { call: {} } } } } });
  const id = headers.get('mcp-session-id') ?? '';
  expect(id).not.toBe('');
  const notification = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' });
  expect((await postRaw(url, notification, { token, sessionId: id })).status).toBe(202);
  return { id, caller: callerOf(2025, url, { token, sessionId: id }) };
}

/** Open the stream on which a session's notifications come. */
async function listen(url: string, sessionId: string): Promise<AsyncGenerator<WireMessage>> {
  const aborted = new AbortController();
  onTestFinished(() => {
    aborted.abort();
  });
  const headers = { accept: 'text/event-stream', 'mcp-session-id': sessionId };
  return messagesOf(await fetch(url, { headers, signal: aborted.signal }));
}

describe('SESSIONS=1', () => {
  it('[TEST-08] asks on the stream of tasks/result', async () => {
    const { url } = await serverOf({ SESSIONS: '1' });
    const { id, caller } = await openSession(url);
    const { taskId } = await caller.startTask('confirm_delete', { filename: 'a.txt' });
    const answers = { 'Delete a.txt?': accept({ confirm: true }) };
    const { result } = await finish(caller, url, taskId, answers, { sessionId: id });
    expect(result?.content).toEqual([{ type: 'text', text: 'deleted a.txt' }]);
  });

  it('[TYPE-07] tells of the end of a task on the stream of its session', async () => {
    const { url } = await serverOf({ SESSIONS: '1' });
    const { id, caller } = await openSession(url);
    const notifications = await listen(url, id);
    const { taskId } = await caller.startTask('slow_compute', { seconds: 0.1 });
    for await (const { method, params } of notifications) {
      expect(method).toBe('notifications/tasks/status');
      expect(params).toMatchObject({ taskId });
      if ((params as { status?: string }).status === 'completed') break;
    }
  });

  it('keeps a task beyond the session that made it', async () => {
    const { url } = await serverOf({ SESSIONS: '1' });
    const first = await openSession(url);
    const { taskId } = await first.caller.startTask('slow_compute', { seconds: 0.2, label: 'kept' });
    expect((await fetch(url, { method: 'DELETE', headers: { 'mcp-session-id': first.id } })).status).toBe(200);
    expect((await first.caller.request('tasks/get', { taskId })).httpStatus).toBe(404);
    const second = await openSession(url);
    const { result } = await finish(second.caller, url, taskId, {}, { sessionId: second.id });
    expect(result?.content).toEqual([{ type: 'text', text: 'done: kept' }]);
  });

  it('serves 2026-07-28 as usual, over the same tasks', async () => {
    const { url } = await serverOf({ SESSIONS: '1', TOKENS: 'alice' });
    const { caller } = await openSession(url, 'alice');
    const { taskId } = await caller.startTask('structured', { n: 3 });
    const modern = callerOf(2026, url, { token: 'alice' });
    const task = await modern.pollUntil(taskId, 'completed');
    expect(task.result.structuredContent).toEqual({ square: 9 });
  });

  it("[SEC-02] does not let one user into another's session", async () => {
    const { url } = await serverOf({ SESSIONS: '1', TOKENS: 'alice,bob' });
    const { id } = await openSession(url, 'alice');
    const intruder = callerOf(2025, url, { token: 'bob', sessionId: id });
    expect((await intruder.request('tools/list')).httpStatus).toBe(404);
  });

  it.each([
    ['no session', undefined, 400],
    ['an unknown session', 'unknown', 404],
  ])('answers a request of %s with its status', async (_what, sessionId, status) => {
    const { url } = await serverOf({ SESSIONS: '1' });
    expect((await request(2025, url, 'tools/list', {}, { sessionId })).httpStatus).toBe(status);
  });

  it('answers what is no JSON with a parse error, and too much of it with 413', async () => {
    const { url } = await serverOf({ SESSIONS: '1' });
    const broken = await postRaw(url, '{');
    expect(broken.status).toBe(400);
    expect(await broken.json()).toMatchObject({ error: { code: -32700 } });
    expect((await postRaw(url, `"${'x'.repeat(5_000_000)}"`)).status).toBe(413);
  });
});
