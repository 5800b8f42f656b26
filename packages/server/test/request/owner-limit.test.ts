import { McpServer } from '@modelcontextprotocol/server';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serveTasks } from '../../src/index.ts';
import { HttpClient } from '../support/http-client.ts';
import { createTestTools } from '../support/test-tools.ts';

const GENERATIONS = ['2025-11-25', '2026-07-28'] as const;

/** A client of one owner, served by a task layer that takes owners of 1,000 bytes. */
function connect(generation: (typeof GENERATIONS)[number], ownerBytes: number) {
  const tools = createTestTools({ limits: { maxOwnerBytes: 1_000 } });
  const app = serveTasks(tools.tasks, () => new McpServer({ name: 'test', version: '0' }), {
    owner: () => 'x'.repeat(ownerBytes),
  });
  onTestFinished(() => app.close({ drainMs: 0 }));
  const client = new HttpClient(app.http(), { generation });
  const start = () =>
    client.request('tools/call', {
      name: 'echo',
      arguments: { value: 'a' },
      ...(generation === '2025-11-25' && { task: {} }),
    });
  return { client, start };
}

describe.each(GENERATIONS)('the limit of an owner in %s', (generation) => {
  it.each([600, 1_000])(
    '[SEC-01] is what the task layer was given: %i bytes of 1,000 own a task',
    async (ownerBytes) => {
      const { client, start } = connect(generation, ownerBytes);
      const { result, error } = await start();
      expect(error).toBeUndefined();
      const task = (generation === '2025-11-25' ? result?.['task'] : result) as { readonly taskId: string };
      expect(await client.result('tasks/get', { taskId: task.taskId })).toMatchObject({ taskId: task.taskId });
    },
  );

  it('[SEC-01] refuses what is over it, with both sizes', async () => {
    const { error } = await connect(generation, 1_001).start();
    expect(error).toMatchObject({
      code: -32602,
      data: { code: 'OWNER_INVALID', actualBytes: 1_001, limitBytes: 1_000 },
    });
  });
});
