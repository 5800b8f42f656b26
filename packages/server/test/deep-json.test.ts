import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { createTasks, type Tasks } from '@mcp-tasks/runner';
import { type JsonObject, type JsonValue, ProtocolFailure } from '@mcp-tasks/wire';
import { McpServer } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { serveTasks, type TaskApp } from '../src/index.ts';
import { HttpClient, TASK_CAPABILITIES } from './support/http-client.ts';

/** Where a message has something deep, written in later: no client of a test has the stack for it. */
const DEEP = '@deep@';

function nested(levels: number): JsonValue {
  return JSON.parse('['.repeat(levels) + ']'.repeat(levels)) as JsonValue;
}

/** A message with something deep in it, as text. */
function deepText(message: unknown, levels: number): string {
  return JSON.stringify(message).replace(`"${DEEP}"`, () => '['.repeat(levels) + ']'.repeat(levels));
}

const INVALID_ARGUMENTS = { code: -32602, data: { code: 'INVALID_ARGUMENTS' } };
const ANSWER_INVALID = { code: -32602, data: { code: 'TASK_ANSWER_INVALID', key: 'q' } };
const question = { message: '?', schema: z.object({ a: z.string().optional() }) };

describe.each([3_000, 100_000])('JSON that is %i levels deep', (levels) => {
  let tasks: Tasks;
  let app: TaskApp;
  const onerror = vi.fn();

  beforeEach(() => {
    onerror.mockClear();
    tasks = createTasks();
    tasks.tool('takes', { inputSchema: z.object({ value: z.any() }) }, () => ({ content: [] }));
    tasks.tool('takes_json', { inputSchema: z.object({ value: z.json() }) }, () => ({ content: [] }));
    tasks.tool('takes_nothing', {}, () => ({ content: [] }));
    tasks.tool('asks_first', { ask: { q: question } }, () => ({ content: [] }));
    tasks.tool('asks', {}, async (_args, task) => {
      await Promise.all([task.elicit('q', question), task.sample('other', { messages: [], maxTokens: 1 })]);
      return { content: [] };
    });
    tasks.tool('returns', {}, () => ({ content: [], structuredContent: { value: nested(levels) } }));
    tasks.tool('returns_checked', { outputSchema: z.json() }, () => ({
      content: [],
      structuredContent: nested(levels),
    }));
    tasks.tool('steps', {}, async (_args, task) => ({
      content: [],
      structuredContent: await task.step('s', () => nested(levels)),
    }));
    tasks.tool('samples', {}, async (_args, task) => {
      await task.sample('s', { messages: [nested(levels)], maxTokens: 1 });
      return { content: [] };
    });
    tasks.tool('publishes', {}, async (_args, task) => {
      await task.publish('p', nested(levels));
      return { content: [] };
    });
    tasks.tool('fails', {}, () => {
      throw new ProtocolFailure(-32000, 'failed', nested(levels));
    });
    app = serveTasks(tasks, () => new McpServer({ name: 'test', version: '0' }), { owner: () => 'alice', onerror });
  });
  afterEach(async () => {
    await app.close({ drainMs: 0 });
    // It is the client's fault, or the tool's: none of ours.
    expect(onerror).not.toHaveBeenCalled();
  });

  describe.each([
    ['2025-11-25', 'a task'],
    ['2025-11-25', 'no task'],
    ['2026-07-28', 'a task'],
    ['2026-07-28', 'no task'],
  ] as const)('over HTTP, %s, as %s', (generation, way) => {
    const isModern = generation === '2026-07-28';
    const connect = () =>
      new HttpClient(app.http(), {
        generation,
        capabilities: way === 'a task' ? TASK_CAPABILITIES : { elicitation: {} },
      });
    /** Send something deep, and read the answer as text. */
    const send = async (method: string, params: JsonObject): Promise<string> => {
      const { message, headers } = connect().compose(method, params);
      const response = await connect().post(deepText(message, levels), { headers });
      const text = await response.text();
      expect(text).not.toMatch(/call stack|RangeError/i);
      return /^data: (.*)$/m.exec(text)?.[1] ?? text;
    };
    const errorOf = (text: string) => (JSON.parse(text) as { error?: unknown }).error;
    const call = (name: string, args: JsonObject = {}, more: JsonObject = {}) =>
      send('tools/call', { name, arguments: args, ...(!isModern && way === 'a task' && { task: {} }), ...more });

    it.each(['takes', 'takes_json', 'takes_nothing'])('is refused as an argument of the tool that %s', async (tool) => {
      const error = errorOf(await call(tool, { value: DEEP }));
      expect(error).toMatchObject(INVALID_ARGUMENTS);
      expect((error as JsonObject)['message']).toMatch(/^The arguments of tool "\w+" .*nested too deeply/);
    });

    it.each([
      ['returns', 'nested too deeply'],
      ['returns_checked', 'nested too deeply'],
      ['steps', 'The value of step \\"s\\" cannot be written as JSON: nested too deeply'],
      ['samples', 'The params of question \\"s\\" cannot be written as JSON: nested too deeply'],
      ['publishes', 'nests deeper than 10 levels'],
      ['fails', '-32000'],
    ])('is told of in plain words when a tool %s it', async (tool, words) => {
      const answer = await call(tool);
      const { result } = JSON.parse(answer) as { result?: { taskId?: string; task?: { taskId: string } } };
      const taskId = result?.taskId ?? result?.task?.taskId;
      expect(taskId === undefined).toBe(way === 'no task');
      if (taskId === undefined) {
        expect(answer).toContain(words);
        return;
      }
      const outcome = () => send(isModern ? 'tasks/get' : 'tasks/result', { taskId });
      await expect.poll(outcome, { timeout: 10_000 }).toContain(words);
    });
  });

  it.each([
    ['a task', TASK_CAPABILITIES],
    ['no task', { elicitation: {} }],
  ])('is refused as an answer to what a tool asks first, as %s', async (_way, capabilities) => {
    const client = new HttpClient(app.http(), { generation: '2026-07-28', capabilities });
    const inputResponses = { q: { action: 'accept', content: { extra: DEEP } } };
    const { message, headers } = client.compose('tools/call', { name: 'asks_first', arguments: {}, inputResponses });
    const response = await client.post(deepText(message, levels), { headers });
    expect(await response.json()).toMatchObject({ error: ANSWER_INVALID });
  });

  it.each(['2025-11-25', '2026-07-28'] as const)(
    'is refused as an answer over HTTP, and the question stays open: %s',
    async (generation) => {
      const client = new HttpClient(app.http(), { generation });
      const isModern = generation === '2026-07-28';
      const created = await client.result('tools/call', {
        name: 'asks',
        arguments: {},
        ...(!isModern && { task: {} }),
      });
      const { taskId } = (isModern ? created : created['task']) as { taskId: string };
      const untilOpen = (count: number) =>
        tasks
          .for('alice')
          .waitFor(taskId, (head) => head.openQuestions.length === count, { signal: AbortSignal.timeout(10_000) });
      await untilOpen(2);
      const answer = { action: 'accept', content: { extra: DEEP } };
      const { message, headers } = isModern
        ? client.compose('tasks/update', { taskId, inputResponses: { q: answer } })
        : { message: { jsonrpc: '2.0', id: `mcp-tasks/x/${taskId}/q`, result: answer }, headers: {} };
      const response = await client.post(deepText(message, levels), { headers });
      const text = await response.text();
      expect(text).not.toMatch(/call stack|RangeError/i);
      expect((JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? text) as JsonObject)['error']).toMatchObject(
        ANSWER_INVALID,
      );
      expect(response.status).toBe(isModern ? 200 : 400);
      await untilOpen(2);
    },
  );

  it('is refused over stdio, and the connection lives', async () => {
    const stdin = new PassThrough();
    const stdout = new PassThrough();
    app.stdio({ transport: new StdioServerTransport(stdin, stdout) });
    const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
    const request = async (id: number, method: string, params: JsonObject): Promise<JsonObject> => {
      stdin.write(`${deepText({ jsonrpc: '2.0', id, method, params }, levels)}\n`);
      for (;;) {
        const { value } = (await lines.next()) as { value: string };
        expect(value).not.toMatch(/call stack|RangeError/i);
        const message = JSON.parse(value) as JsonObject;
        if (message['id'] === id) return message;
      }
    };
    const clientInfo = { name: 'raw', version: '0' };
    await request(1, 'initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
    let id = 1;
    for (const name of ['takes', 'takes_json', 'takes_nothing']) {
      for (const task of [{}, { task: {} }]) {
        const { error } = await request(++id, 'tools/call', { name, arguments: { value: DEEP }, ...task });
        expect(error, name).toMatchObject(INVALID_ARGUMENTS);
      }
    }
    const { result } = await request(++id, 'tools/call', { name: 'returns', arguments: {} });
    expect(JSON.stringify(result)).toContain('nested too deeply');
    expect(await request(id + 1, 'tools/call', { name: 'takes', arguments: { value: 1 } })).toMatchObject({
      result: { content: [] },
    });
  });
});
