import { createTasks, type ToolOptions } from '@mcp-tasks/runner';
import { TaskError } from '@mcp-tasks/store';
import type { InputRequest, JsonObject } from '@mcp-tasks/wire';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connectTestClient } from '../../src/testing.ts';

const EXTENSION = { 'io.modelcontextprotocol/tasks': {} };
const ABLE: JsonObject = { elicitation: { url: {} }, roots: {}, extensions: EXTENSION };
const ADDRESS = { message: 'Sign in', url: 'https://login.example/start' };
const ROOTS = [{ uri: 'file:///work', name: 'Work' }, { uri: 'file:///other' }];

type Way = Pick<ToolOptions, 'taskSupport' | 'onCrash'>;

/** A tool that asks for an address and for roots, and says what came of it. */
function asking(options: Way) {
  const tasks = createTasks();
  onTestFinished(() => tasks.close({ drainMs: 0 }));
  tasks.tool('asks', options, async (_args, task) => {
    const code = (error: unknown) => (TaskError.is(error) ? error.code : String(error));
    const visit = await task.elicit('login', ADDRESS).catch(code);
    const roots = await task.roots('roots').catch(code);
    return { content: [], structuredContent: { visit, roots } };
  });
  return tasks;
}

const answer = ({ method }: InputRequest): JsonObject =>
  method === 'roots/list' ? { roots: ROOTS } : { action: 'accept' };

describe('addresses to visit, and roots', () => {
  it.each<['2025-11-25' | '2026-07-28', Way]>([
    ['2025-11-25', { taskSupport: 'required' }],
    ['2025-11-25', { taskSupport: 'required', onCrash: 'rerun' }],
    ['2025-11-25', { taskSupport: 'forbidden' }],
    ['2026-07-28', { taskSupport: 'required' }],
    ['2026-07-28', { taskSupport: 'required', onCrash: 'rerun' }],
  ])('are asked of a client that declares them, in %s: %j', async (generation, options) => {
    const asked: InputRequest[] = [];
    const client = await connectTestClient(asking(options), {
      generation,
      capabilities: ABLE,
      answer: (question) => {
        asked.push(question);
        return answer(question);
      },
    });
    expect(await client.callTool('asks')).toMatchObject({
      structuredContent: { visit: { action: 'accept' }, roots: ROOTS },
    });
    expect(asked.map(({ method }) => method)).toEqual(['elicitation/create', 'roots/list']);
    expect(asked[0]?.params).toMatchObject({ mode: 'url', ...ADDRESS });
    // Only 2025-11-25 gives an address an id.
    expect('elicitationId' in (asked[0]?.params ?? {})).toBe(generation === '2025-11-25');
    await client.close();
  });

  it.each(['2025-11-25', '2026-07-28'] as const)(
    'reject for a client that does not declare them, in %s',
    async (generation) => {
      const client = await connectTestClient(asking({ taskSupport: 'required' }), {
        generation,
        capabilities: { elicitation: {}, extensions: EXTENSION },
        answer,
      });
      expect(await client.callTool('asks')).toMatchObject({
        structuredContent: { visit: 'INPUT_UNSUPPORTED', roots: 'INPUT_UNSUPPORTED' },
      });
      await client.close();
    },
  );

  it('are shown to no 2026-07-28 request that lacks the capability', async () => {
    const tasks = asking({ taskSupport: 'required' });
    const client = await connectTestClient(tasks, { generation: '2026-07-28', capabilities: ABLE });
    const { taskId } = (await client.startTool('asks')) as { readonly taskId: string };
    const open = (key: string) =>
      expect.poll(async () => (await tasks.for('test').get(taskId)).head.openQuestions).toEqual([key]);
    const forms = await connectTestClient(tasks, {
      generation: '2026-07-28',
      capabilities: { elicitation: {}, extensions: EXTENSION },
    });
    await open('login');
    await expect(forms.request('tasks/get', { taskId })).rejects.toMatchObject({
      code: -32021,
      data: { requiredCapabilities: { elicitation: { url: {} } } },
    });
    await client.request('tasks/update', { taskId, inputResponses: { login: { action: 'decline' } } });
    await open('roots');
    await expect(forms.request('tasks/get', { taskId })).rejects.toMatchObject({
      code: -32021,
      data: { requiredCapabilities: { roots: {} } },
    });
    const wrong = client.request('tasks/update', { taskId, inputResponses: { roots: { roots: [{}] } } });
    await expect(wrong).rejects.toMatchObject({ code: -32602, data: { code: 'TASK_ANSWER_INVALID' } });
    await forms.close();
    await client.close();
  });

  it.each([
    [{ message: 'Go', url: 'javascript:alert(1)' }, 'url must be an address that begins with https: or http:.'],
    [{ message: 'Go', url: 'login' }, 'url must be an address'],
    [{ url: 'https://a.example' }, 'message must be a string'],
    [{ message: 'Go', url: 'https://a.example', mesage: 1 }, 'the nearest is "message"'],
  ])('are refused where they are wrong: %j', async (question, says) => {
    const tasks = createTasks();
    onTestFinished(() => tasks.close({ drainMs: 0 }));
    tasks.tool('asks', { taskSupport: 'required' }, async (_args, task) => {
      await task.elicit('login', question as never);
      return { content: [] };
    });
    const client = await connectTestClient(tasks, { generation: '2025-11-25', capabilities: ABLE, answer });
    expect(await client.callTool('asks')).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining(says) as string }],
    });
    await client.close();
  });
});
