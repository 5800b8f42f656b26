import { describe, expect, it } from 'vitest';
import { callerOf, request, serverOf, stream, type WireMessage } from './raw-client.ts';

const LISTEN = 'subscriptions/listen';

describe('subscriptions/listen with taskIds', () => {
  it("[TEST-08] acknowledges the caller's tasks, shows each, tells of each change and ends with the last", async () => {
    const { url } = await serverOf({ TOKENS: 'alice,bob' });
    const alice = callerOf(2026, url, { token: 'alice' });
    const bob = callerOf(2026, url, { token: 'bob' });
    const { taskId } = await alice.startTask('confirm_delete', { filename: 'a.txt' });
    await alice.pollUntil(taskId, 'input_required');
    const foreign = await bob.startTask('slow_compute', { seconds: 60 });

    const taskIds = [taskId, foreign.taskId, 'unknown'];
    const messages: WireMessage[] = [];
    for await (const message of stream(2026, url, LISTEN, { notifications: { taskIds } }, { token: 'alice' })) {
      messages.push(message);
      if ((message.params as { status?: string } | undefined)?.status !== 'input_required') continue;
      const inputResponses = { confirm: { action: 'accept', content: { confirm: true } } };
      expect((await alice.request('tasks/update', { taskId, inputResponses })).error).toBeUndefined();
    }

    const [acknowledged, ...rest] = messages;
    expect(acknowledged).toMatchObject({
      method: 'notifications/subscriptions/acknowledged',
      params: { notifications: { taskIds: [taskId] } },
    });
    const tasks = rest.filter(({ method }) => method === 'notifications/tasks').map(({ params }) => params);
    expect(tasks.at(0)).toMatchObject({ taskId, status: 'input_required', inputRequests: { confirm: {} } });
    expect(tasks.at(-1)).toMatchObject({
      taskId,
      status: 'completed',
      result: { content: [{ type: 'text', text: 'deleted a.txt' }] },
    });
    expect(rest.at(-1)).toMatchObject({ result: { resultType: 'complete' } });
    expect(JSON.stringify(messages)).not.toContain(foreign.taskId);
  });

  it('refuses a client without the extension with -32021 and HTTP 400', async () => {
    const { url } = await serverOf();
    const { taskId } = await callerOf(2026, url).startTask('structured', { n: 1 });
    const params = { notifications: { taskIds: [taskId] } };
    const { error, httpStatus } = await request(2026, url, LISTEN, params, { capabilities: {} });
    expect({ error, httpStatus }).toMatchObject({
      httpStatus: 400,
      error: {
        code: -32021,
        data: { requiredCapabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } } },
      },
    });
  });
});
