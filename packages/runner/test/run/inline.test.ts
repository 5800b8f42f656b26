import { memoryStore, type TaskProgress } from '@mcp-tasks/store';
import type { InputRequest } from '@mcp-tasks/wire';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { InlineHost } from '../../src/index.ts';
import { fakeClock, inspect } from '../../src/testing.ts';
import { counted } from '../support/counted-store.ts';
import { codeOf, errorText, gate, layer, reasonOf, text } from '../support/layer.ts';

const name = z.object({ name: z.string() });

function request(host: Partial<InlineHost> = {}): InlineHost {
  return { signal: new AbortController().signal, ...host };
}

const call = { tool: 'tool', owner: 'alice', arguments: {} };

describe('an inline run', () => {
  it('touches no store, and has an id that nobody can look up', async () => {
    const { store, calls } = counted(memoryStore());
    const { tasks } = layer({ store });
    let id = '';
    tasks.tool('tool', { onCrash: 'rerun' }, async (_args, task) => {
      id = task.id;
      await task.set('a', 1);
      await task.publish('b', 2);
      await task.step('c', () => 3);
      task.progress(1);
      task.status('working');
      return text('done');
    });
    expect(await tasks.runInline(call, request())).toEqual(text('done'));
    expect(Object.values(calls).reduce((sum, count) => sum + count)).toBe(0);
    await expect(tasks.for('alice').get(id)).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
    await tasks.close();
    expect(inspect(tasks)).toEqual({ runs: 0, timers: 0, waiters: 0 });
  });

  it('[INTG-11] sends progress to the request, strictly increasing, and none after its end', async () => {
    const { tasks } = layer();
    const sent: TaskProgress[] = [];
    const end = gate();
    let late: Promise<unknown> = Promise.resolve();
    tasks.tool('tool', {}, (_args, task) => {
      task.progress(1, 3, 'one');
      task.progress(1);
      task.progress(3, 3);
      late = end.opened.then(() => {
        task.progress(4);
      });
      return text('done');
    });
    await tasks.runInline(call, request({ progress: (progress) => sent.push(progress) }));
    end.open();
    await late;
    expect(sent).toEqual([
      { done: 1, total: 3, message: 'one' },
      { done: 3, total: 3 },
    ]);
    await tasks.close();
  });

  it('asks on the request, checks the answer, and passes its signal on', async () => {
    const { tasks } = layer();
    const asked: [string, InputRequest][] = [];
    tasks.tool('tool', { ask: { who: { message: 'Who?', schema: name } } }, async (_args, task) => {
      const bad = await codeOf(() => task.elicit('bad', { message: 'Bad?', schema: name }));
      const who = task.answers.who;
      return text(`${who.action === 'accept' ? who.content.name : ''} ${bad}`);
    });
    const host = request({
      ask: async (key, question, signal) => {
        expect(signal.aborted).toBe(false);
        asked.push([key, question]);
        return { action: 'accept', content: key === 'bad' ? {} : { name: 'Ada' } };
      },
    });
    expect(await tasks.runInline(call, host)).toEqual(text('Ada TASK_ANSWER_INVALID'));
    expect(asked.map(([key, { method }]) => [key, method])).toEqual([
      ['who', 'elicitation/create'],
      ['bad', 'elicitation/create'],
    ]);
    await tasks.close();
  });

  it('rejects with INPUT_UNSUPPORTED when nobody can be asked, unless the handler catches it', async () => {
    const { tasks } = layer();
    tasks.tool('tool', { inputSchema: z.object({ catches: z.boolean() }) }, async ({ catches }, task) => {
      const answer = task.elicit('a', { message: 'A?', schema: name });
      if (catches) return text(await codeOf(() => answer));
      await answer;
      return text('asked');
    });
    const withArguments = (catches: boolean) => ({ ...call, arguments: { catches } });
    await expect(tasks.runInline(withArguments(false), request())).rejects.toMatchObject({ code: 'INPUT_UNSUPPORTED' });
    expect(await tasks.runInline(withArguments(true), request())).toEqual(text('INPUT_UNSUPPORTED'));
    const unable = { ...withArguments(true), inputCapabilities: { elicitation: false } };
    const ask = async () => ({ action: 'decline' });
    expect(await tasks.runInline(unable, request({ ask }))).toEqual(text('INPUT_UNSUPPORTED'));
    await tasks.close();
  });

  it('limits its open questions too', async () => {
    const { tasks } = layer({ limits: { maxOpenQuestions: 1 } });
    tasks.tool('tool', {}, async (_args, task) => {
      const open = task.elicit('a', { message: 'A?', schema: name });
      const code = await codeOf(() => task.elicit('b', { message: 'B?', schema: name }));
      return text(`${(await open).action} ${code}`);
    });
    const ask = async () => ({ action: 'decline' });
    expect(await tasks.runInline(call, request({ ask }))).toEqual(text('decline QUESTION_LIMIT'));
    await tasks.close();
  });

  it('follows the signal of its request, and gives the handler its grace', async () => {
    const clock = fakeClock();
    const { tasks } = layer({ clock });
    const began = gate();
    const abort = new AbortController();
    let reason: unknown;
    tasks.tool('tool', {}, async (_args, task) => {
      task.signal.addEventListener('abort', () => {
        reason = reasonOf(task.signal);
      });
      began.open();
      await new Promise(() => undefined);
      return text('never');
    });
    const result = tasks.runInline(call, request({ signal: abort.signal }));
    const refused = expect(result).rejects.toMatchObject({ code: 'RUN_ENDED', details: { reason: 'request-aborted' } });
    await began.opened;
    abort.abort();
    expect(reason).toBe('request-aborted');
    await clock.advance(5_000);
    await refused;
    expect(inspect(tasks).timers).toBe(0);
    const aborted = AbortSignal.abort();
    await expect(tasks.runInline(call, request({ signal: aborted }))).rejects.toMatchObject({ code: 'RUN_ENDED' });
    await tasks.close();
  });

  it('has a timeout, in which waiting at a question does not count', async () => {
    const clock = fakeClock();
    const { tasks } = layer({ clock });
    const answer = gate();
    const asked = gate();
    const answered = gate();
    tasks.tool('tool', { timeoutMs: 1_000 }, async (_args, task) => {
      await task.elicit('a', { message: 'A?', schema: name });
      answered.open();
      await new Promise(() => undefined);
      return text('never');
    });
    const result = tasks.runInline(
      call,
      request({
        ask: async () => {
          asked.open();
          await answer.opened;
          return { action: 'decline' };
        },
      }),
    );
    await asked.opened;
    await clock.advance(10_000);
    answer.open();
    await answered.opened;
    await clock.advance(1_000);
    expect(await result).toEqual(errorText('Tool "tool" took longer than 1000 ms and was stopped.'));
    expect(inspect(tasks).timers).toBe(0);
    await tasks.close();
  });

  it('checks the call as a task does', async () => {
    const { tasks } = layer();
    tasks.tool('tool', { inputSchema: z.object({ n: z.number() }) }, () => text('done'));
    await expect(tasks.runInline({ ...call, tool: 'none' }, request())).rejects.toMatchObject({
      code: 'TOOL_NOT_FOUND',
    });
    await expect(tasks.runInline(call, request())).rejects.toMatchObject({ code: 'INVALID_ARGUMENTS' });
    await tasks.close();
  });
});
