import { createTasks, type ToolOptions } from '@mcp-tasks/runner';
import { TaskError } from '@mcp-tasks/store';
import { ProtocolFailure } from '@mcp-tasks/wire';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { connectTestClient } from '../../src/testing.ts';

const WAYS: readonly [string, Pick<ToolOptions, 'taskSupport' | 'onCrash'>][] = [
  ['as a task', { taskSupport: 'required' }],
  ['as a task that may run again', { taskSupport: 'required', onCrash: 'rerun' }],
  ['inside the request', { taskSupport: 'forbidden' }],
];

describe('a question that a 2025-11-25 client answers with a JSON-RPC error', () => {
  it.each(WAYS)('[HNDL-05] rejects in the handler by its own code, %s', async (_how, options) => {
    const tasks = createTasks();
    onTestFinished(() => tasks.close({ drainMs: 0 }));
    const seen: unknown[] = [];
    const note = (error: unknown) => {
      if (TaskError.is(error)) seen.push(error.code, error.details, error.message);
    };
    tasks.tool('asks', options, async (_args, task) => {
      await task.sample('joke', { messages: [], maxTokens: 1 }).catch(note);
      await task.elicit('sure', { message: 'Sure?', schema: z.object({ sure: z.boolean() }) }).catch(note);
      return { content: [] };
    });
    await using client = await connectTestClient(tasks, {
      generation: '2025-11-25',
      answer: ({ method }) => {
        throw new ProtocolFailure(-1, `No to ${method}`);
      },
    });
    expect(await client.callTool('asks')).toMatchObject({ content: [] });
    expect(seen).toEqual([
      'INPUT_REFUSED',
      { key: 'joke', code: -1, reason: 'No to sampling/createMessage' },
      'The client refused the question "joke" (-1): No to sampling/createMessage.',
      'INPUT_REFUSED',
      { key: 'sure', code: -1, reason: 'No to elicitation/create' },
      'The client refused the question "sure" (-1): No to elicitation/create.',
    ]);
  });

  it('is the result of a tool that does not catch the rejection, with the reason cut', async () => {
    const tasks = createTasks();
    onTestFinished(() => tasks.close({ drainMs: 0 }));
    tasks.tool('asks', {}, async (_args, task) => {
      await task.sample('joke', { messages: [], maxTokens: 1 });
      return { content: [] };
    });
    await using client = await connectTestClient(tasks, {
      generation: '2025-11-25',
      answer: () => {
        throw new ProtocolFailure(-32_603, 'no '.repeat(10_000));
      },
    });
    const result = await client.callTool('asks');
    expect(result).toMatchObject({ isError: true });
    expect(JSON.stringify(result).length).toBeLessThan(2_000);
  });
});
