import type { Tasks } from '@mcp-tasks/runner';
import type { WorkflowPause } from '@mcp-tasks/wire';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { field, StepError, workflow } from '../../src/index.ts';
import { deployService } from '../support/deploy-service.ts';
import { client, layer, metaOf, remaining, statuses, structured, text } from '../support/layer.ts';

function pauseOf(
  pauses: readonly { readonly step: string; readonly pause?: WorkflowPause | undefined }[],
  step: string,
) {
  return pauses.find((item) => item.step === step)?.pause;
}

/** A workflow that reads one resource, and the URIs that were read. */
async function reading(uri: string, args: Readonly<Record<string, string>>) {
  const tasks = layer();
  const read: string[] = [];
  const schema = z.object({ a: z.string().optional(), b: z.string().optional() });
  const readResource = (asked: string) => {
    read.push(asked);
    return 'text';
  };
  workflow(tasks, 'w', { description: 'd', arguments: schema, readResource }, ({ step }) => {
    step('read', { resources: ['file:///fixed', uri] });
  });
  return { view: await client(tasks).start('w', args), read };
}

/** A tool that gives back what it is told to, without a schema of what that is. */
function untyped(tasks: Tasks, content = structured({ items: [{ id: 'a' }], nothing: null })) {
  return tasks.tool('untyped', {}, () => content);
}

describe('[PAUS-01] a workflow pauses', () => {
  it('at a step of the client: clientStep', async () => {
    const tasks = layer();
    deployService(tasks);
    const { head, meta, handOff } = await client(tasks).start('deploy_service', { region: 'eu' });
    const pause = { type: 'clientStep', blockedStep: 'approve', suggestedTool: 'approve' };
    expect(meta.pause).toEqual(pause);
    expect(pauseOf(meta.remaining, 'approve')).toEqual(pause);
    expect(handOff).toContain("Step 'approve' is for the client to do.");
    expect(head).toMatchObject({ status: 'working', statusMessage: "Step 'approve' is for the client to do." });
  });

  it.each([
    ['file:///docs/{a}', { a: '..' }, '".."'],
    ['file:///docs/{a}', { a: '.' }, '"."'],
    ['file:///docs/{a}', { a: '' }, 'empty'],
    ['file:///docs/{a}', {}, 'empty'],
    ['file:///docs/{a}/x', { a: '..' }, '".."'],
    ['file:///docs/{a}{b}?q={b}', { a: '.', b: '.' }, '".."'],
    ['file:///docs/.{a}#f', { a: '.' }, '".."'],
    ['file:///docs/%2E{a}', { a: '.' }, '"%2E."'],
    ['note://{a}', { a: '..' }, '".."'],
    ['note:{a}', { a: '' }, 'empty'],
  ])('before a value leads the path of a resource elsewhere: %s with %o', async (uri, args, shown) => {
    const { view, read } = await reading(uri, args);
    expect(read).toEqual([]);
    const { pause } = view.meta;
    expect(pause).toEqual({
      type: 'unresolvableParams',
      blockedStep: 'read',
      missingParam: 'resources[1]',
      source: 'prompt argument a',
      cause: `a segment of its path would be ${shown}, which leads elsewhere`,
    });
    expect(view.head).toMatchObject({ status: 'working' });
    expect(view.handOff).toContain('resources[1]');
  });

  it.each([
    ['file:///docs/{a}', { a: '...' }],
    ['file:///docs/{a}', { a: '../x' }],
    ['file:///docs/{a}', { a: '%2e%2e' }],
    ['file:///docs/v{a}', { a: '' }],
    ['file:///docs/x:{a}', { a: '..' }],
    ['file:///docs/x?q={a}', { a: '..' }],
    ['file:///docs/x?q=/{a}', { a: '' }],
    ['file:///docs/x#{a}', { a: '' }],
    ['file:///docs/../{a}', { a: 'x' }],
  ])('not where a value is a name, or stands behind the path: %s with %o', async (uri, args) => {
    const { view, read } = await reading(uri, args);
    expect(read).toHaveLength(2);
    expect(view.head.status).toBe('completed');
  });

  it.each([
    ['items.1.id', 'items is an array of 1 without an item 1'],
    ['nothing.id', 'nothing is null and has no field id'],
    ['other', 'it has no field other, only items, nothing'],
  ])(
    '[PAUS-01] where a source does not give a value, %s: unresolvableParams names argument, source and cause',
    async (path, cause) => {
      const tasks = layer();
      const tool = tasks.tool('tool', { inputSchema: z.object({ first: z.string(), id: z.string() }) }, () => text(''));
      workflow(tasks, 'w', { description: 'd' }, ({ step }) => {
        const one = step('one', { tool: untyped(tasks) });
        step('two', { tool, arguments: { first: 'known', id: field(one.output, ...path.split('.')) } });
      });
      const { meta, handOff } = await client(tasks).start('w');
      expect(meta.pause).toEqual({
        type: 'unresolvableParams',
        blockedStep: 'two',
        missingParam: 'id',
        source: `field ${path} of step one`,
        cause,
        suggestedTool: 'tool',
      });
      expect(handOff).toContain(`its argument 'id' should come from field ${path} of step one, but ${cause}.`);
      expect(meta.remaining).toMatchObject([{ step: 'two', arguments: { first: 'known' }, unresolved: ['id'] }]);
    },
  );

  it('where arguments do not fit the tool: schemaMismatch names all that are missing and all that are ill-typed', async () => {
    const tasks = layer();
    let calls = 0;
    const tool = tasks.tool(
      'tool',
      {
        inputSchema: z.object({
          a: z.string(),
          b: z.string(),
          c: z.number(),
          d: z.string().min(5),
          e: z.object({ f: z.string() }),
        }),
      },
      () => {
        calls++;
        return text('');
      },
    );
    workflow(tasks, 'w', { description: 'd' }, ({ step }) => {
      const one = step('one', { tool: untyped(tasks) });
      const args = { c: field(one.output, 'items'), d: 'four', e: {} };
      step('two', { tool, arguments: args as never });
    });
    const { start, record, settled } = client(tasks);
    const { head, meta, handOff = '' } = await start('w');
    expect(meta.pause).toMatchObject({
      type: 'schemaMismatch',
      blockedStep: 'two',
      missingFields: ['a', 'b', 'e.f'],
      illTypedFields: [{ field: 'c' }, { field: 'd' }],
      suggestedTool: 'tool',
    });
    expect(handOff).toMatch(/these arguments are missing: a, b, e\.f; c: .*; d: /);
    expect(calls).toBe(0);
    // The client makes the call with arguments that fit; what is wrong does not have to be the same.
    const fitting = { a: '', b: '', c: 1, d: 'five!', e: { f: '' } };
    const recorded = metaOf(await record(head.taskId, { tool: 'tool', arguments: fitting }));
    expect(recorded.matchedStep).toBe('two');
    expect((await settled(head.taskId)).head.status).toBe('completed');
  });

  it('[EXEC-03] [PAUS-01] at a tool that failed: toolError, retryable or not, and both are handed off', async () => {
    for (const region of ['flaky', 'broken']) {
      const tasks = layer();
      deployService(tasks);
      const { start, record, settled } = client(tasks);
      const { head } = await start('deploy_service', { region });
      await record(head.taskId, { step: 'approve' }, { approved: true });
      const { meta, handOff, head: paused } = await settled(head.taskId);
      expect(paused.status).toBe('working');
      expect(meta.pause).toEqual({
        type: 'toolError',
        failedStep: 'deploy',
        error: `Region ${region} is ${region}`,
        retryable: region === 'flaky',
        suggestedTool: 'deploy',
      });
      expect(remaining({ meta })).toBe('deploy notify');
      expect(handOff).toContain(`1. Call deploy with {"region":"${region}","approved":true}`);
      const advice = region === 'flaky' ? 'It may be called again.' : 'Calling it again in the same way will not help.';
      expect(handOff).toContain(advice);
    }
  });

  it('[EXEC-04] at a step that needs what a failed one would have given: unresolvedDependency names the producer', async () => {
    const tasks = layer();
    deployService(tasks);
    const { start, record, settled } = client(tasks);
    const { head } = await start('deploy_service', { region: 'broken' });
    await record(head.taskId, { step: 'approve' }, { approved: true });
    const { meta, handOff } = await settled(head.taskId);
    expect(pauseOf(meta.remaining, 'notify')).toEqual({
      type: 'unresolvedDependency',
      blockedStep: 'notify',
      missingOutput: 'field url of step deploy',
      producingStep: 'deploy',
      suggestedTool: 'deploy',
    });
    expect(handOff).toContain(
      "Step 'notify' cannot run: it needs the field url of step deploy, and step 'deploy' did not complete.",
    );
  });

  it('[EXEC-04] at a step that comes after a failed one', async () => {
    const tasks = layer();
    const fails = tasks.tool('fails', {}, (_args, task) => task.fail('no'));
    const tool = tasks.tool('tool', {}, () => text(''));
    workflow(tasks, 'w', { description: 'd' }, ({ step }) => {
      const one = step('one', { tool: fails });
      step('two', { tool, after: [one] });
    });
    const { meta } = await client(tasks).start('w');
    expect(pauseOf(meta.remaining, 'two')).toEqual({
      type: 'unresolvedDependency',
      blockedStep: 'two',
      missingOutput: 'completion of step one',
      producingStep: 'one',
      suggestedTool: 'fails',
    });
  });

  it('[EXEC-04] [FNDX-02] at a step that needs what a skipped one would have given', async () => {
    const tasks = layer();
    const tool = tasks.tool('tool', { inputSchema: z.object({ id: z.string() }) }, () => text(''));
    workflow(tasks, 'w', { description: 'd', arguments: z.object({ deep: z.stringbool() }) }, ({ args, step }) => {
      const one = step('one', { tool: untyped(tasks), when: args.deep });
      step('two', { tool, arguments: { id: field(one.output, 'items') } });
    });
    const { start } = client(tasks);
    const skipped = await start('w', { deep: 'false' });
    expect(statuses(skipped)).toBe('skipped pending');
    expect(skipped.meta.pause).toMatchObject({ type: 'unresolvedDependency', producingStep: 'one' });
    expect(statuses(await start('w', { deep: 'true' }))).toBe('completed pending');
  });
});

describe('a step that fails', () => {
  it('[EXEC-03] also fails by a result with isError, and keeps the task going', async () => {
    const tasks = layer();
    const soft = tasks.tool('soft', {}, (_args, task) => task.fail('not today'));
    workflow(tasks, 'w', { description: 'd' }, ({ step }) => void step('one', { tool: soft }));
    const { head, meta } = await client(tasks).start('w');
    expect(head.status).toBe('working');
    expect(meta.pause).toMatchObject({ type: 'toolError', error: 'not today', retryable: false });
  });

  it('is retryable as its step says, unless a StepError says otherwise', async () => {
    const tasks = layer();
    const plain = tasks.tool('plain', {}, () => {
      throw new TypeError('plain');
    });
    const said = tasks.tool('said', {}, () => {
      throw new StepError('said', { retryable: true });
    });
    workflow(tasks, 'w', { description: 'd' }, ({ step }) => {
      step('plain', { tool: plain });
      step('plain, retryable', { tool: plain, retryable: true });
      step('said', { tool: said });
    });
    const { meta } = await client(tasks).start('w');
    expect(meta.remaining.map(({ pause }) => pause?.type === 'toolError' && pause.retryable)).toEqual([
      false,
      true,
      true,
    ]);
  });

  it('[EXEC-04] holds up only the steps that need it: independent ones run on, in the order of the plan', async () => {
    const tasks = layer();
    const order: string[] = [];
    const tool = tasks.tool('tool', { inputSchema: z.object({ name: z.string() }) }, ({ name }) => {
      order.push(name);
      if (name === 'fails') throw new TypeError('no');
      return text(name);
    });
    workflow(tasks, 'w', { description: 'd' }, ({ step }) => {
      const fails = step('fails', { tool, arguments: { name: 'fails' } });
      const waits = step('waits', { client: true, guidance: 'x' });
      step('needs the failed one', { tool, arguments: { name: fails.output } });
      step('after the client', { tool, arguments: { name: 'after' }, after: [waits] });
      step('free', { tool, arguments: { name: 'free' } });
      step('free too', { tool, arguments: { name: 'free too' } });
    });
    const view = await client(tasks).start('w');
    expect(order).toEqual(['fails', 'free', 'free too']);
    expect(statuses(view)).toBe('failed pending pending pending completed completed');
    expect(remaining(view)).toBe('fails waits needs the failed one');
  });

  it('is not run again by the server, also not when the workflow is resumed', async () => {
    const tasks = layer();
    const { calls } = deployService(tasks);
    const { engine, start, record, settled } = client(tasks);
    const { head } = await start('deploy_service', { region: 'flaky' });
    await record(head.taskId, { step: 'approve' }, { approved: true });
    await settled(head.taskId);
    await engine.resume('alice', head.taskId, 'deploy_service', undefined);
    await settled(head.taskId);
    expect(calls.filter(({ tool }) => tool === 'deploy')).toHaveLength(1);
  });
});
