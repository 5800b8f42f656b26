import { afterEach, describe, expect, it } from 'vitest';
import type { Tasks } from '@mcp-tasks/runner';
import { deployService } from './support/deploy-service.ts';
import { client, layer, OWNER, statuses } from './support/layer.ts';

const open: Tasks[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((tasks) => tasks.close({ drainMs: 0 })));
});

function opened(): Tasks {
  const tasks = layer();
  open.push(tasks);
  return tasks;
}

describe('a workflow task', () => {
  it('runs what the server can, waits for the client, and completes with the last call (FNDX-01, EXEC-01, EXEC-02, CONT-02, CONT-03)', async () => {
    const tasks = opened();
    const { calls } = deployService(tasks);
    const { start, record, settled } = client(tasks);
    const first = await start('deploy_service', { region: 'eu' });
    expect(statuses(first)).toBe('completed completed pending pending pending');
    expect(first.head).toMatchObject({ status: 'working', dueAtMs: null });
    const { taskId } = first.head;
    const approved = await record(taskId, { tool: 'approve', arguments: { monthlyUsd: 30 } }, { approved: true });
    expect(approved).toMatchObject({ meta: { matchedStep: 'approve' } });
    const second = await settled(taskId);
    expect(statuses(second)).toBe('completed completed completed completed pending');
    await record(taskId, { tool: 'notify', arguments: { url: 'https://eu.example' } }, { notified: true });
    const { head } = await tasks.for(OWNER).get(taskId, ['result']);
    expect(head.status).toBe('completed');
    expect(calls.map(({ tool }) => tool)).toEqual(['validate_config', 'estimate_cost', 'deploy']);
  });
});
