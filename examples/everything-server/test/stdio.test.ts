import { describe, expect, it } from 'vitest';
import { Conversation, ENVELOPE } from './stdio-conversation.ts';

describe('STDIO=1', () => {
  it('[TEST-08] serves 2025-11-25, questions and status notifications included', async () => {
    const stdio = new Conversation();
    await stdio.initialize();
    const call = { name: 'confirm_delete', arguments: { filename: 'a.txt' }, task: {} };
    const taskId = (await stdio.request('tools/call', call)).result?.task.taskId;
    const result = stdio.request('tasks/result', { taskId });
    const question = await stdio.until(({ method }) => method === 'elicitation/create');
    stdio.send({ id: question.id, result: { action: 'accept', content: { confirm: true } } });
    expect((await result).result?.content).toEqual([{ type: 'text', text: 'deleted a.txt' }]);
    const status = await stdio.until(
      ({ method, params }) =>
        method === 'notifications/tasks/status' && (params as { status?: string }).status === 'completed',
    );
    expect(status.params).toMatchObject({ taskId });
    expect(await stdio.end()).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('[TEST-08] serves 2026-07-28, and pushes the states of a task that is listened to', async () => {
    const stdio = new Conversation();
    await stdio.modern('server/discover');
    const call = { name: 'slow_compute', arguments: { seconds: 0.3, label: 'pushed' } };
    const taskId = (await stdio.modern('tools/call', call)).result?.taskId;
    stdio.send({
      id: 'listen',
      method: 'subscriptions/listen',
      params: { notifications: { taskIds: [taskId, 'unknown'] }, _meta: ENVELOPE },
    });
    const acknowledged = await stdio.until(({ method }) => method === 'notifications/subscriptions/acknowledged');
    expect(acknowledged.params).toMatchObject({ notifications: { taskIds: [taskId] } });
    const done = await stdio.until(
      ({ method, params }) =>
        method === 'notifications/tasks' && (params as { status?: string }).status === 'completed',
    );
    expect(done.params).toMatchObject({ taskId, result: { content: [{ type: 'text', text: 'done: pushed' }] } });
    expect(await stdio.end()).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('prints nothing on stdout that is not MCP, whatever it is sent', async () => {
    const stdio = new Conversation();
    for (const line of ['', '{', 'null', '[]', '"x"', '{"jsonrpc":"2.0"}', '{"jsonrpc":"2.0","id":7,"result":{}}']) {
      stdio.write(line);
    }
    await stdio.initialize();
    const greeted = await stdio.request('tools/call', { name: 'greet', arguments: { name: 'Ada' } });
    expect(greeted.result?.content).toEqual([{ type: 'text', text: 'Hello, Ada!' }]);
    const { exitCode, stdout } = await stdio.end();
    expect(exitCode).toBe(0);
    const lines = stdout.split('\n').filter((line) => line !== '');
    expect(lines.map((line) => (JSON.parse(line) as { jsonrpc?: string }).jsonrpc)).toEqual(lines.map(() => '2.0'));
  });

  it('ends with 0 upon a line that is longer than the SDK takes', async () => {
    const stdio = new Conversation();
    await stdio.initialize();
    stdio.server.child.stdin.on('error', () => undefined);
    stdio.write('x'.repeat(11_000_000));
    expect(await stdio.server.ended).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('ends with 0 at the end of stdin and on SIGTERM, with a task at work', async () => {
    for (const stop of ['stdin', 'SIGTERM']) {
      const stdio = new Conversation();
      await stdio.modern('server/discover');
      await stdio.modern('tools/call', { name: 'slow_compute', arguments: { seconds: 3_600 } });
      if (stop === 'SIGTERM') stdio.server.child.kill('SIGTERM');
      const ended = stop === 'stdin' ? stdio.end() : stdio.server.ended;
      expect(await ended).toMatchObject({ exitCode: 0, stderr: '' });
    }
  });
});
