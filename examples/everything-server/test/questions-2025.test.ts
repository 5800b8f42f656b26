import { describe, expect, it } from 'vitest';
import { accept } from './conversation.ts';
import { callerOf, postRaw, serverOf, stream, type WireMessage } from './raw-client.ts';

/** Start a deletion of alice's and open a stream on which its question comes. */
async function asked() {
  const { url } = await serverOf({ TOKENS: 'alice,bob', POLL_INTERVAL_MS: '20' });
  const caller = callerOf(2025, url, { token: 'alice' });
  const { taskId } = await caller.startTask('confirm_delete', { filename: 'a.txt' });
  const messages = stream(2025, url, 'tasks/result', { taskId }, { token: 'alice' });
  const question = await until(messages, ({ method }) => method === 'elicitation/create');
  const answer = async (result: unknown, token = 'alice', id = question.id) => {
    const response = await postRaw(url, JSON.stringify({ jsonrpc: '2.0', id, result }), { token });
    return response.status;
  };
  return { url, caller, taskId, messages, question, answer };
}

async function until(messages: AsyncGenerator<WireMessage>, wanted: (message: WireMessage) => boolean) {
  for (;;) {
    const next = await messages.next();
    if (next.done === true) throw new Error('the stream ended');
    if (wanted(next.value)) return next.value;
  }
}

const isResponse = ({ method }: WireMessage) => method === undefined;
const DELETED = [{ type: 'text', text: 'deleted a.txt' }];
const KEPT = [{ type: 'text', text: 'kept a.txt' }];

describe('a question of a 2025-11-25 task, without sessions', () => {
  it('[SEC-02] takes no answer of another user', async () => {
    const { caller, taskId, messages, answer } = await asked();
    await answer(accept({ confirm: true }), 'bob');
    expect((await caller.request('tasks/get', { taskId })).result.status).toBe('input_required');
    await answer(accept({ confirm: false }));
    expect((await until(messages, isResponse)).result?.content).toEqual(KEPT);
  });

  it('stays open after an answer that does not fit', async () => {
    const { caller, taskId, messages, answer } = await asked();
    for (const wrong of [accept({ confirm: 'yes' }), { action: 'accept' }, { action: 'maybe' }, {}, null, 'x', []]) {
      expect(await answer(wrong)).toBeLessThan(500);
    }
    expect((await caller.request('tasks/get', { taskId })).result.status).toBe('input_required');
    expect(await answer(accept({ confirm: true }))).toBe(202);
    expect((await until(messages, isResponse)).result?.content).toEqual(DELETED);
  });

  it('takes the first answer and ignores the next', async () => {
    const { messages, answer } = await asked();
    expect(await Promise.all([answer(accept({ confirm: true })), answer(accept({ confirm: true }))])).toEqual([
      202, 202,
    ]);
    expect(await answer(accept({ confirm: false }))).toBe(202);
    expect((await until(messages, isResponse)).result?.content).toEqual(DELETED);
    expect(await answer(accept({ confirm: false }))).toBe(202);
  });

  it('is asked again on another stream, with another id, and can be answered by either', async () => {
    const { url, taskId, messages, question, answer } = await asked();
    const second = stream(2025, url, 'tasks/result', { taskId }, { token: 'alice' });
    const again = await until(second, ({ method }) => method === 'elicitation/create');
    expect(again.params?.message).toBe(question.params?.message);
    expect(again.id).not.toBe(question.id);
    expect(await answer(accept({ confirm: true }), 'alice', again.id)).toBe(202);
    for (const waiting of [messages, second]) {
      expect((await until(waiting, isResponse)).result?.content).toEqual(DELETED);
    }
  });

  it('comes with the answer of tasks/get too, for clients that only poll', async () => {
    const { url, taskId, answer } = await asked();
    const polled: WireMessage[] = [];
    const deviation = { token: 'alice' };
    while (!polled.some(({ method }) => method === 'elicitation/create')) {
      for await (const message of stream(2025, url, 'tasks/get', { taskId }, deviation)) polled.push(message);
    }
    const asking = polled.find(({ method }) => method === 'elicitation/create');
    expect(await answer(accept({ confirm: true }), 'alice', asking?.id)).toBe(202);
    const caller = callerOf(2025, url, deviation);
    expect((await caller.pollUntil(taskId, 'completed')).status).toBe('completed');
  });

  it('is forgotten with its task when that is cancelled', async () => {
    const { caller, taskId, messages, answer } = await asked();
    await caller.request('tasks/cancel', { taskId });
    expect((await until(messages, isResponse)).error).toMatchObject({ data: { code: 'TASK_CANCELLED' } });
    expect(await answer(accept({ confirm: true }))).toBe(202);
    expect((await caller.request('tasks/get', { taskId })).result.status).toBe('cancelled');
  });
});
