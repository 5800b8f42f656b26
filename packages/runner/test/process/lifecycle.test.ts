import type { CallToolResult } from '@mcp-tasks/wire';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createTasks } from '../../src/index.ts';
import { ended, layer, resultOf, text, untilOpen } from '../support/layer.ts';

describe('a task', () => {
  it('[INTG-04] gives its handle at once and runs in the background', async () => {
    const { tasks, start } = layer();
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    tasks.tool('greet', { inputSchema: z.object({ name: z.string() }) }, async ({ name }) => {
      await gate;
      return text(`Hello, ${name}!`);
    });
    const head = await start('greet', { name: 'Ada' });
    expect(head.status).toBe('working');
    release();
    const record = await ended(tasks, head);
    expect(record.head.status).toBe('completed');
    expect(resultOf(record)).toEqual(text('Hello, Ada!'));
    await tasks.close();
  });

  it('[INTG-08] is cancelled at once, and its handler hears of it', async () => {
    const { tasks, start } = layer();
    let reason: unknown;
    tasks.tool('wait', {}, async (_args, task) => {
      await new Promise<void>((resolve) => {
        task.signal.addEventListener('abort', () => {
          reason = task.signal.reason;
          resolve();
        });
      });
      return text('too late');
    });
    const head = await start('wait');
    const cancelled = await tasks.for('alice').cancel(head.taskId);
    expect(cancelled.status).toBe('cancelled');
    await tasks.close();
    expect(reason).toMatchObject({ code: 'RUN_ENDED', details: { reason: 'cancelled' } });
  });

  it('[HNDL-05] asks, waits for the answer and goes on', async () => {
    const { tasks, start } = layer();
    tasks.tool('confirm', { onCrash: 'rerun' }, async (_args, task) => {
      const answer = await task.elicit('sure', { message: 'Sure?', schema: z.object({ sure: z.boolean() }) });
      return text(answer.action === 'accept' ? `sure: ${String(answer.content.sure)}` : answer.action);
    });
    const head = await start('confirm');
    const open = await untilOpen(tasks, head, 'sure');
    expect(open.status).toBe('input_required');
    await tasks.for('alice').answer(head.taskId, { sure: { action: 'accept', content: { sure: true } } });
    const record = await ended(tasks, head);
    expect(resultOf(record)).toEqual(text('sure: true'));
    await tasks.close();
  });

  it('runs inline with the same result, and stores nothing', async () => {
    const tasks = createTasks();
    tasks.tool('greet', { inputSchema: z.object({ name: z.string() }) }, ({ name }, task): CallToolResult =>
      text(`${task.inline ? 'inline' : 'task'} ${name}`),
    );
    const call = { tool: 'greet', owner: 'alice', arguments: { name: 'Ada' } };
    const result = await tasks.runInline(call, { signal: new AbortController().signal });
    expect(result).toEqual(text('inline Ada'));
    expect((await tasks.for('alice').list()).heads).toEqual([]);
    await tasks.close();
  });
});
