import { inProcessExecutor } from '@mcp-tasks/runner';
import { describe, expect, it } from 'vitest';
import { deployService } from './support/deploy-service.ts';
import { client, gate, layer, metaOf, OWNER, remaining, statuses, text } from './support/layer.ts';

describe('a workflow task', () => {
  it('[FNDX-01] [FNDX-02] [EXEC-01] [EXEC-02] [CONT-02] [CONT-03] runs what the server can, waits for the client, and completes with the last call', async () => {
    const tasks = layer();
    const { calls } = deployService(tasks);
    const { start, record, settled } = client(tasks);
    const first = await start('deploy_service', { region: 'eu' });
    expect(statuses(first)).toBe('completed completed pending pending pending');
    expect(first.head).toMatchObject({ status: 'working', dueAtMs: null, handler: 'deploy_service' });
    const { taskId } = first.head;
    await record(taskId, { tool: 'approve', arguments: { monthlyUsd: 30 } }, { approved: true });
    const second = await settled(taskId);
    expect(statuses(second)).toBe('completed completed completed completed pending');
    await record(taskId, { tool: 'notify', arguments: { url: 'https://eu.example' } }, { notified: true });
    const { head } = await tasks.for(OWNER).get(taskId, ['result']);
    expect(head.status).toBe('completed');
    expect(calls.map(({ tool }) => tool)).toEqual(['validate_config', 'estimate_cost', 'deploy']);
  });

  it('[FNDX-01] is whole from its first write: before any run it has its plan, and takes calls', async () => {
    const tasks = layer({ executor: inProcessExecutor({ concurrency: 1 }) });
    const busy = gate();
    tasks.tool('busy', {}, async () => {
      await busy.opened;
      return text('');
    });
    const { calls } = deployService(tasks);
    const { begin, view, record, settled } = client(tasks);
    await begin('busy');
    const { taskId } = await begin('deploy_service', { region: 'eu' });
    const queued = await view(taskId);
    expect(queued.head.attempt).toBe(0);
    expect(statuses(queued)).toBe('pending pending pending pending pending');
    expect(queued.messages[0]?.content.text).toContain('- region: "eu"');
    const early = metaOf(await record(taskId, { step: 'validate_config' }, { region: 'us', replicas: 5 }));
    expect(early.matchedStep).toBe('validate_config');
    busy.open();
    const after = await settled(taskId);
    expect(statuses(after)).toBe('completed completed pending pending pending');
    expect(calls).toEqual([{ tool: 'estimate_cost', arguments: { replicas: 5 }, attempt: 1 }]);
    expect(remaining(after)).toBe('approve notify');
  });
});
