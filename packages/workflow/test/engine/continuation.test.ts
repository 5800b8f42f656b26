import type { Tasks } from '@mcp-tasks/runner';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { field, workflow } from '../../src/index.ts';
import { CONTINUATION_WARNING, type RecordedOutcome, workflowEngine } from '../../src/serving.ts';
import { deployService } from '../support/deploy-service.ts';
import { client, codeOf, layer, metaOf, OWNER, remaining, statuses, structured, text } from '../support/layer.ts';

function twoOfATool(tasks: Tasks): void {
  const tool = tasks.tool('tool', { inputSchema: z.object({ id: z.string(), note: z.string().optional() }) }, () =>
    text(''),
  );
  workflow(tasks, 'w', { description: 'd', arguments: z.object({ id: z.string() }) }, ({ args, step }) => {
    const early = step('early', { client: true, tool, arguments: { id: 'a' } });
    step('late', { client: true, tool, arguments: { id: args.id } });
    step('open', { client: true, tool, arguments: { id: field(early.output, 'id') } });
    step('elsewhere', { client: true, tool: 'their_tool', arguments: { id: 'e' } });
    step('by hand', { client: true, guidance: 'Do it' });
  });
}

describe('a call that continues a workflow', () => {
  it('[CONT-02] is recorded, and the steps that became possible run', async () => {
    const tasks = layer();
    const { calls } = deployService(tasks);
    const { start, record, settled } = client(tasks);
    const { head } = await start('deploy_service', { region: 'eu' });
    const answer = metaOf(
      await record(head.taskId, { tool: 'approve', arguments: { monthlyUsd: 30 } }, { approved: true }),
    );
    // The answer says what the call was, and what remains; it does not wait for the steps that follow.
    expect(answer).toMatchObject({ taskId: head.taskId, matchedStep: 'approve', status: 'working' });
    expect(remaining({ meta: answer })).toBe('notify');
    expect(statuses(await settled(head.taskId))).toBe('completed completed completed completed pending');
    expect(calls.at(-1)).toMatchObject({ tool: 'deploy', arguments: { region: 'eu', approved: true } });
  });

  it('[CONT-03] completes the task with the last step, in the write that records it', async () => {
    const tasks = layer();
    deployService(tasks);
    const { start, record, settled } = client(tasks);
    const { head } = await start('deploy_service', { region: 'eu' });
    await record(head.taskId, { step: 'approve' }, { approved: true });
    const before = await settled(head.taskId);
    const last = await record(head.taskId, { step: 'notify' }, { notified: true });
    expect(last).toMatchObject({ status: 'completed', remaining: [] });
    const { entries, head: ended } = await tasks.for(OWNER).get(head.taskId, ['result']);
    expect(ended.version).toBe(before.head.version + 1);
    expect(JSON.parse(entries[0]?.value ?? '')).toMatchObject({
      structuredContent: {
        workflow: 'deploy_service',
        steps: [{ name: 'validate_config', tool: 'validate_config', status: 'completed' }, {}, {}, {}, {}],
        outputs: {
          validate_config: { region: 'eu', replicas: 3 },
          estimate_cost: { monthlyUsd: 30 },
          approve: { approved: true },
          deploy: { url: 'https://eu.example' },
          notify: { notified: true },
        },
      },
    });
  });

  it('[CONT-03] completes the task too when all that is left is skipped for what it came to', async () => {
    const tasks = layer();
    const tool = tasks.tool('tool', {}, () => text(''));
    workflow(tasks, 'w', { description: 'd' }, ({ step }) => {
      const one = step('one', { client: true, guidance: 'Deep?' });
      step('two', { tool, when: field(one.output, 'deep') });
    });
    const { start, record, view } = client(tasks);
    const { head } = await start('w');
    const answer = await record(head.taskId, { step: 'one' }, { deep: false });
    expect((await view(head.taskId)).head).toMatchObject({ status: 'completed', version: head.version + 1 });
    expect(statuses({ meta: metaOf(answer) })).toBe('completed skipped');
  });

  it('[CONT-02] is told apart from another of its tool by its arguments, or by the name of the step', async () => {
    const tasks = layer();
    twoOfATool(tasks);
    const { start, record } = client(tasks);
    const { head } = await start('w', { id: 'b' });
    const step = async (call: Parameters<typeof record>[1], content = {}) =>
      metaOf(await record(head.taskId, call, content)).matchedStep;
    expect(await step({ tool: 'tool', arguments: { id: 'b' } })).toBe('late');
    // Neither is it: the first has another id, and everything of the last is not known, so it takes any.
    expect(await step({ tool: 'tool', arguments: { id: 'a', note: 'more than was asked' } })).toBe('open');
    expect(await step({ tool: 'tool', arguments: { id: 'x' } })).toBeUndefined();
    expect(await step({ tool: 'tool', step: 'early', arguments: { id: 'x' } }, { id: 'x' })).toBe('early');
    expect(await step({ tool: 'their_tool', arguments: { id: 'e', more: 1 } })).toBe('elsewhere');
    expect(await step({ tool: 'tool', step: 'by hand' })).toBe('by hand');
  });

  it('is kept beside the plan when it fits no step, and changes nothing of it', async () => {
    const tasks = layer();
    deployService(tasks);
    const { start, record, view } = client(tasks);
    const { head, meta } = await start('deploy_service', { region: 'eu' });
    for (const call of [
      { tool: 'other' },
      { tool: 'approve', step: 'notify' },
      { tool: 'validate_config' },
      { step: 'nowhere' },
    ]) {
      const answer = metaOf(await record(head.taskId, call, { kept: true }));
      expect(answer.matchedStep).toBeUndefined();
    }
    expect((await view(head.taskId)).meta).toEqual(meta);
    const { entries } = await tasks.for(OWNER).get(head.taskId, ['outcome']);
    expect(entries.map(({ name }) => name).filter((name) => name.startsWith('extra:'))).toHaveLength(4);
  });

  it('is told when too many that fit no step were kept already', async () => {
    const tasks = layer();
    deployService(tasks);
    const { start, record } = client(tasks);
    const { head } = await start('deploy_service', { region: 'eu' });
    for (let number = 1; number <= 100; number++) await record(head.taskId, { tool: 'other' });
    expect(metaOf(await record(head.taskId, { tool: 'other' })).warning).toMatch(/there are 100 such calls already/);
    expect(metaOf(await record(head.taskId, { tool: 'approve', arguments: { monthlyUsd: 30 } })).matchedStep).toBe(
      'approve',
    );
    await tasks.for(OWNER).cancel(head.taskId);
    expect(await record(head.taskId, { tool: 'other' })).toEqual({ warning: CONTINUATION_WARNING });
  });

  it('is recorded once under its id: a second recording gets the same answer and changes nothing', async () => {
    const tasks = layer();
    deployService(tasks);
    const { start, record, recordOutcome, view } = client(tasks);
    const { head } = await start('deploy_service', { region: 'eu' });
    const call = { callId: 'x'.repeat(1_000), tool: 'notify', step: 'notify' };
    const first = await record(head.taskId, call, { notified: true });
    const { head: written } = await view(head.taskId);
    const second = await recordOutcome(head.taskId, call, { error: { code: -32603, message: 'another outcome' } });
    expect(second).toEqual(first);
    expect((await view(head.taskId)).head.version).toBe(written.version);
  });

  it('[EXEC-03] that fails is recorded as failed, and a later one mends it', async () => {
    const tasks = layer();
    deployService(tasks);
    const { engine, start, recordOutcome, record, view } = client(tasks);
    const { head } = await start('deploy_service', { region: 'eu' });
    const failures: readonly RecordedOutcome[] = [
      { result: { content: [{ type: 'text', text: 'too expensive' }], isError: true } },
      { error: { code: -32602, message: 'too expensive' } },
    ];
    for (const failure of failures) {
      await recordOutcome(head.taskId, { tool: 'approve', arguments: { monthlyUsd: 30 } }, failure);
      expect((await view(head.taskId)).meta.pause).toMatchObject({
        type: 'toolError',
        error: 'too expensive',
        retryable: false,
      });
    }
    const call = { callId: 'next', tool: 'approve', arguments: { monthlyUsd: 30 } };
    expect(await engine.match(OWNER, head.taskId, call)).toMatchObject({
      isLive: true,
      step: { step: 'approve', attempt: 3 },
    });
    expect(metaOf(await record(head.taskId, call, { approved: true })).matchedStep).toBe('approve');
  });

  it('[EXEC-03] that fails for its arguments may be made again with others, whatever the step says', async () => {
    const tasks = layer();
    deployService(tasks);
    const { start, recordOutcome, view } = client(tasks);
    const { head } = await start('deploy_service', { region: 'eu' });
    const refused = { result: { content: [{ type: 'text' as const, text: 'Input validation error' }], isError: true } };
    await recordOutcome(head.taskId, { step: 'approve', tool: 'approve', arguments: { monthlyUsd: 'much' } }, refused);
    const { meta } = await view(head.taskId);
    expect(meta.pause).toMatchObject({ type: 'toolError', failedStep: 'approve', retryable: true });
  });

  it('[CONT-02] gives the same to later steps as one of the server; null is kept', async () => {
    const tasks = layer();
    const seen: unknown[] = [];
    const tool = tasks.tool('tool', { inputSchema: z.object({ from: z.unknown() }) }, ({ from }) => {
      seen.push(from);
      return text('');
    });
    const server = tasks.tool('server', {}, () => ({ content: [], structuredContent: { value: null } }));
    const texts = tasks.tool('texts', {}, () => ({ content: [...text('one').content, ...text('two').content] }));
    workflow(tasks, 'w', { description: 'd' }, ({ step }) => {
      const one = step('one', { tool: server });
      const two = step('two', { client: true, tool: 'theirs' });
      const three = step('three', { tool: texts });
      const four = step('four', { client: true, tool: 'theirs' });
      [field(one.output, 'value'), field(two.output, 'value'), three.output, four.output].forEach((from, index) => {
        step(`use ${index}`, { tool, arguments: { from } });
      });
    });
    const { start, record, recordOutcome, settled } = client(tasks);
    const { head } = await start('w');
    await record(head.taskId, { step: 'two' }, { value: null });
    await recordOutcome(
      head.taskId,
      { step: 'four' },
      { result: { content: [...text('one').content, ...text('two').content] } },
    );
    expect((await settled(head.taskId)).head.status).toBe('completed');
    expect(seen).toHaveLength(4);
    expect(seen.filter((value) => value === null)).toHaveLength(2);
    expect(seen.filter((value) => value === 'one\ntwo')).toHaveLength(2);
  });

  it('[CONT-01] never breaks for a task that cannot be continued: unknown, foreign, ended and expired get one warning', async () => {
    const tasks = layer();
    deployService(tasks);
    tasks.tool('no_workflow', { onCrash: 'rerun' }, (_args, task) => task.park('waits'));
    const { engine, start, begin } = client(tasks);
    const { head } = await start('deploy_service', { region: 'eu' });
    const ended = await start('deploy_service', { region: 'eu' });
    await tasks.for(OWNER).cancel(ended.head.taskId);
    const other = await begin('no_workflow');
    const call = { callId: 'c', tool: 'approve', arguments: { monthlyUsd: 30 } };
    const outcome = { result: structured({ approved: true }) };
    const asked: readonly (readonly [string, string])[] = [
      [OWNER, 'no such task'],
      ['mallory', head.taskId],
      ['', head.taskId],
      [OWNER, ended.head.taskId],
      [OWNER, other.taskId],
    ];
    for (const [owner, taskId] of asked) {
      expect(await engine.record(owner, taskId, call, outcome)).toEqual({ warning: CONTINUATION_WARNING });
      expect(await engine.match(owner, taskId, call)).toEqual({ isLive: false });
      expect(await engine.stepOf(owner, taskId, 'approve')).toBeUndefined();
    }
    expect(await codeOf(() => engine.view('mallory', head.taskId, { continueTool: undefined }))).toBe('TASK_NOT_FOUND');
    expect(await codeOf(() => engine.view(OWNER, other.taskId, { continueTool: undefined }))).toBe('TASK_NOT_FOUND');
  });

  it('finds the call that does a step, with the arguments that are known', async () => {
    const tasks = layer();
    deployService(tasks);
    const { engine, start } = client(tasks);
    const { head } = await start('deploy_service', { region: 'eu' });
    expect(await engine.stepOf(OWNER, head.taskId, 'approve')).toEqual({
      tool: 'approve',
      arguments: { monthlyUsd: 30 },
    });
    expect(await engine.stepOf(OWNER, head.taskId, 'deploy')).toEqual({ tool: 'deploy', arguments: { region: 'eu' } });
    expect(await engine.stepOf(OWNER, head.taskId, 'estimate_cost')).toBeUndefined();
    expect(await engine.stepOf(OWNER, head.taskId, 'nowhere')).toBeUndefined();
  });

  it('[CONT-02] loses nothing to others at the same time, from two task layers on one store', async () => {
    const first = layer();
    const names = Array.from({ length: 20 }, (_, index) => `step ${index}`);
    const define = (tasks: Tasks) =>
      workflow(tasks, 'w', { description: 'd' }, ({ step }) => {
        for (const name of names) step(name, { client: true, tool: 'theirs', arguments: { name } });
      });
    define(first);
    const { head } = await client(first).start('w');
    const engine = workflowEngine(first);
    const answers = await Promise.all(
      names.map((name) =>
        engine.record(
          OWNER,
          head.taskId,
          { callId: name, tool: 'theirs', arguments: { name } },
          { result: structured({ name }) },
        ),
      ),
    );
    expect(answers.map((answer) => metaOf(answer).matchedStep)).toEqual(names);
    const { entries, head: ended } = await first.for(OWNER).get(head.taskId, ['result', 'outcome']);
    expect(ended.status).toBe('completed');
    const result = entries.find(({ kind }) => kind === 'result')?.value ?? '';
    expect(JSON.parse(result)).toMatchObject({
      structuredContent: { outputs: Object.fromEntries(names.map((name) => [name, { name }])) },
    });
  });
});
