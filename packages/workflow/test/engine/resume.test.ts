import { createTasks, type Tasks } from '@mcp-tasks/runner';
import { memoryStore } from '@mcp-tasks/store';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { workflow } from '../../src/index.ts';
import { workflowEngine } from '../../src/serving.ts';
import { deployService } from '../support/deploy-service.ts';
import { client, codeOf, layer, OWNER, statuses, text } from '../support/layer.ts';

describe('a prompt that is called again', () => {
  it('[FNDX-01] with its idempotency key is the same task, and runs no tool twice', async () => {
    const tasks = layer();
    const { calls } = deployService(tasks);
    const { engine, settled } = client(tasks);
    const call = { tool: 'deploy_service', owner: OWNER, arguments: { region: 'eu' }, idempotencyKey: 'k' };
    const first = await engine.create(call);
    await settled(first.taskId);
    expect((await engine.create(call)).taskId).toBe(first.taskId);
    await settled(first.taskId);
    expect(calls.map(({ tool }) => tool)).toEqual(['validate_config', 'estimate_cost']);
  });

  it('[FNDX-04] with its task continues from the stored plan: without arguments, or with those that it was begun with', async () => {
    const tasks = layer();
    deployService(tasks);
    const { engine, start } = client(tasks);
    const { head } = await start('deploy_service', { region: 'eu' });
    // A form that is left empty sends an empty object.
    for (const args of [undefined, {}, { region: 'eu' }]) {
      expect(await engine.resume(OWNER, head.taskId, 'deploy_service', args)).toEqual(head);
    }
    const other = () => engine.resume(OWNER, head.taskId, 'deploy_service', { region: 'us' });
    expect(await codeOf(other)).toBe('INVALID_ARGUMENTS');
    await expect(other()).rejects.toThrow(/leave out "region", or begin a new task/);
  });

  it('takes arguments for the same that its schema reads as the same', async () => {
    const tasks = layer();
    workflow(tasks, 'w', { description: 'd', arguments: z.object({ count: z.coerce.number() }) }, ({ step }) => {
      step('one', { client: true, guidance: 'x' });
    });
    const { engine, start } = client(tasks);
    const { head } = await start('w', { count: '7' });
    expect(await engine.resume(OWNER, head.taskId, 'w', { count: '07' })).toEqual(head);
    expect(await codeOf(() => engine.resume(OWNER, head.taskId, 'w', { count: '8' }))).toBe('INVALID_ARGUMENTS');
  });

  it('finds neither a task of another owner nor one of another workflow', async () => {
    const tasks = layer();
    deployService(tasks);
    workflow(tasks, 'other', { description: 'd' }, ({ step }) => void step('one', { client: true, guidance: 'x' }));
    const { engine, start } = client(tasks);
    const { head } = await start('deploy_service', { region: 'eu' });
    expect(await codeOf(() => engine.resume('mallory', head.taskId, 'deploy_service', undefined))).toBe(
      'TASK_NOT_FOUND',
    );
    expect(await codeOf(() => engine.resume(OWNER, head.taskId, 'other', undefined))).toBe('TASK_NOT_FOUND');
  });
});

describe('a workflow whose definition changed while a task of it lives', () => {
  /** A task of the first definition, as a process with the second one finds it. */
  async function changed(first: (tasks: Tasks) => void, second: (tasks: Tasks) => void) {
    const store = memoryStore();
    const before = createTasks({ store });
    first(before);
    const { head } = await client(before).start('w');
    await before.close({ drainMs: 0 });
    const tasks = createTasks({ store });
    second(tasks);
    return { tasks, head, ...client(tasks) };
  }

  const define = (tasks: Tasks, names: readonly string[], log: string[] = []) => {
    const tool = tasks.tool('tool', { inputSchema: z.object({ name: z.string() }) }, ({ name }) => {
      log.push(name);
      return text(name);
    });
    workflow(tasks, 'w', { description: 'd' }, ({ step }) => {
      for (const name of names) step(name, { tool, arguments: { name } });
      step('last', { client: true, guidance: 'x' });
    });
  };

  it('goes on when every step that was begun is still there: what is new runs, what was done is kept', async () => {
    const log: string[] = [];
    const { tasks, engine, head, settled } = await changed(
      (old) => {
        define(old, ['one', 'two']);
      },
      (next) => {
        define(next, ['zero', 'one', 'two'], log);
      },
    );
    await engine.resume(OWNER, head.taskId, 'w', undefined);
    const view = await settled(head.taskId);
    expect(statuses(view)).toBe('completed completed completed pending');
    expect(log).toEqual(['zero']);
    await tasks.close({ drainMs: 0 });
  });

  it('is not continued when such a step is gone; the task fails and names it', async () => {
    const { tasks, engine, head, record } = await changed(
      (old) => {
        define(old, ['one', 'two']);
      },
      (next) => {
        define(next, ['two', 'new']);
      },
    );
    expect(await record(head.taskId, { step: 'last' })).toMatchObject({ warning: expect.any(String) as string });
    expect(statuses(await engine.view(OWNER, head.taskId, { continueTool: undefined }))).toBe(
      'completed completed pending',
    );
    await engine.resume(OWNER, head.taskId, 'w', undefined);
    const signal = AbortSignal.timeout(10_000);
    const failed = await tasks.for(OWNER).waitFor(head.taskId, ({ status }) => status === 'failed', { signal });
    expect(failed.statusMessage).toMatch(/Workflow "w" no longer has step "one" with tool "tool"/);
    const { entries } = await tasks.for(OWNER).get(head.taskId, ['error']);
    expect(JSON.parse(entries[0]?.value ?? '')).toMatchObject({
      code: -32603,
      data: { code: 'WORKFLOW_INCOMPATIBLE', workflow: 'w', step: 'one' },
    });
    await tasks.close({ drainMs: 0 });
  });
});

describe('[FNDX-03] the stored plan', () => {
  it('has its version, goal, steps and outcomes, each outcome beside the plan', async () => {
    const tasks = layer();
    deployService(tasks);
    const { head } = await client(tasks).start('deploy_service', { region: 'eu' });
    const { entries } = await tasks.for(OWNER).get(head.taskId, ['outcome']);
    expect(entries.map(({ name }) => name).sort()).toEqual(['plan', 'step:estimate_cost', 'step:validate_config']);
    const plan = entries.find(({ name }) => name === 'plan')?.value ?? '';
    expect(JSON.parse(plan)).toMatchObject({
      schemaVersion: 1,
      workflow: 'deploy_service',
      goal: 'Deploy a service to a region',
      arguments: { region: 'eu' },
      steps: [{ name: 'validate_config', status: 'completed', attempt: 1, by: 'server' }, {}, {}, {}, {}],
    });
  });

  it('[FNDX-03] of a version that is not known is refused, not misread', async () => {
    const tasks = layer();
    deployService(tasks);
    const { engine, start, record } = client(tasks);
    const { head } = await start('deploy_service', { region: 'eu' });
    const whole = await tasks.for(OWNER).get(head.taskId, ['call', 'outcome']);
    const entries = whole.entries.map((entry) =>
      entry.name === 'plan'
        ? { ...entry, value: entry.value.replace('"schemaVersion":1', '"schemaVersion":2') }
        : entry,
    );
    expect(() => workflowEngine(tasks).viewOf({ ...whole, entries }, { continueTool: undefined })).toThrow(
      /has version 2; this version of @mcp-tasks\/workflow reads 1/,
    );
    expect(await codeOf(async () => engine.viewOf({ ...whole, entries }, { continueTool: undefined }))).toBe(
      'WORKFLOW_INCOMPATIBLE',
    );
    // The stored one is still fine.
    expect(await record(head.taskId, { step: 'approve' }, { approved: true })).toHaveProperty('taskId');
  });
});
