import type { AuthorizeRequest, TaskContext } from '@mcp-tasks/runner';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { field, workflow } from '../../src/index.ts';
import { client, layer, metaOf, OWNER, statuses, structured, text } from '../support/layer.ts';

describe('a step of the server', () => {
  it('[SEC-02] is authorized and checked as any call is', async () => {
    const asked: AuthorizeRequest[] = [];
    const tasks = layer({
      authorize: (request) => {
        asked.push(request);
        if (request.tool === 'secret') throw new TypeError('not for you');
      },
    });
    const open = tasks.tool('open', { inputSchema: z.object({ n: z.number() }) }, () => text(''));
    const secret = tasks.tool('secret', {}, () => text('secret'));
    workflow(tasks, 'w', { description: 'd' }, ({ step }) => {
      step('one', { tool: open, arguments: { n: 1 } });
      step('two', { tool: secret });
    });
    const { meta } = await client(tasks).start('w');
    expect(asked.map(({ tool, via }) => `${tool} ${via}`)).toEqual(['w call', 'open step', 'secret step']);
    expect(asked[1]).toMatchObject({ owner: OWNER, arguments: { n: 1 } });
    expect(meta.pause).toMatchObject({ type: 'toolError', error: 'Tool "secret" may not run: not for you.' });
  });

  it('sees of itself which step and attempt it is, and has names of its own', async () => {
    const tasks = layer();
    const seen: TaskContext['workflow'][] = [];
    const tool = tasks.tool('tool', {}, async (_args, task) => {
      seen.push(task.workflow);
      await task.set('count', ((task.get('count') as number | undefined) ?? 0) + 1);
      return text('counted');
    });
    const use = tasks.tool('use', { inputSchema: z.object({ n: z.number() }) }, ({ n }) => text(`got ${n}`));
    workflow(tasks, 'w', { description: 'd' }, ({ step }) => {
      step('one', { tool });
      const two = step('two', { tool });
      step('three', { tool: use, arguments: { n: two.variable('count') } });
    });
    const { head } = await client(tasks).start('w');
    expect(head.status).toBe('completed');
    const about = { workflow: 'w', taskId: head.taskId, attempt: 1 };
    expect(seen).toEqual([
      { ...about, step: 'one' },
      { ...about, step: 'two' },
    ]);
    const { entries } = await tasks.for(OWNER).get(head.taskId, ['variable', 'outcome']);
    expect(
      entries
        .filter(({ kind }) => kind === 'variable')
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['one/count', 'two/count']);
    expect(entries.find(({ name }) => name === 'step:three')?.value).toContain('got 1');
  });

  it('that never returns fails after its time, and the plan stays', async () => {
    const tasks = layer();
    const stuck = tasks.tool('stuck', {}, () => new Promise<never>(() => undefined));
    workflow(tasks, 'w', { description: 'd' }, ({ step }) => void step('one', { tool: stuck, timeoutMs: 20 }));
    const { head, meta } = await client(tasks).start('w');
    expect(head.status).toBe('working');
    expect(meta.pause).toMatchObject({
      type: 'toolError',
      error: expect.stringMatching(/took longer than 20 ms/) as string,
    });
  });

  it('[EXEC-03] that comes to too much, or to no JSON, fails; nothing else is lost', async () => {
    const tasks = layer({ limits: { maxCheckpointBytes: 10_000 } });
    const fine = tasks.tool('fine', {}, () => text('fine'));
    const large = tasks.tool('large', {}, () => structured({ text: 'x'.repeat(20_000) }));
    const cyclic = tasks.tool('cyclic', {}, () => {
      const content: Record<string, unknown> = {};
      content['self'] = content;
      return { content: [], structuredContent: content };
    });
    workflow(tasks, 'w', { description: 'd' }, ({ step }) => {
      step('fine', { tool: fine });
      step('large', { tool: large });
      step('cyclic', { tool: cyclic });
      step('also fine', { tool: fine });
    });
    const { start, record, view } = client(tasks);
    const first = await start('w');
    expect(statuses(first)).toBe('completed failed failed completed');
    const errors = first.meta.remaining.map(({ pause }) => (pause?.type === 'toolError' ? pause.error : ''));
    expect(errors[0]).toMatch(/has \d+ bytes with its arguments; the limit is 10000 bytes/);
    expect(errors[1]).toMatch(/cannot be written as JSON/);
    // So does one that the client did.
    const recorded = metaOf(await record(first.head.taskId, { step: 'large' }, { text: 'x'.repeat(20_000) }));
    expect(recorded).toMatchObject({ matchedStep: 'large' });
    expect(statuses(await view(first.head.taskId))).toBe('completed failed failed completed');
  });

  it('[CONT-03] has its output replaced by a marker, the largest first, when the result would be too large', async () => {
    const tasks = layer({ limits: { maxResultBytes: 2_500 } });
    const tool = tasks.tool('tool', { inputSchema: z.object({ n: z.number() }) }, ({ n }) =>
      structured({ text: 'x'.repeat(n) }),
    );
    workflow(tasks, 'w', { description: 'd' }, ({ step }) => {
      for (const n of [10, 1_000, 1_200, 20]) step(`${n}`, { tool, arguments: { n } });
    });
    const { head } = await client(tasks).start('w');
    expect(head.status).toBe('completed');
    const { entries } = await tasks.for(OWNER).get(head.taskId, ['result']);
    expect(JSON.parse(entries[0]?.value ?? '')).toMatchObject({
      structuredContent: {
        outputs: {
          '10': { text: 'x'.repeat(10) },
          '1000': { text: 'x'.repeat(1_000) },
          '1200': { omitted: true, bytes: 1_211 },
          '20': { text: 'x'.repeat(20) },
        },
      },
    });
  });

  it('[EXEC-03] reads its resources first; one that cannot be read fails it with a reason', async () => {
    const tasks = layer();
    const read: string[] = [];
    const use = tasks.tool('use', { inputSchema: z.object({ all: z.string() }) }, () => text('used'));
    const readResource = (uri: string, request: { readonly owner: string }) => {
      read.push(`${request.owner} ${uri}`);
      if (uri.includes('missing')) throw new TypeError('there is none');
      return `text of ${uri}`;
    };
    const args = z.object({ name: z.string() });
    workflow(tasks, 'w', { description: 'd', arguments: args, readResource }, ({ step }) => {
      const both = step('read', { resources: ['file:///{name}', 'file:///b'] });
      step('use', { tool: use, arguments: { all: both.output } });
      step('last', { resources: ['file:///missing'] });
    });
    const view = await client(tasks).start('w', { name: 'a/../b c' });
    expect(read).toEqual(['alice file:///a%2F..%2Fb%20c', 'alice file:///b', 'alice file:///missing']);
    expect(statuses(view)).toBe('completed completed failed');
    expect(view.head.status).toBe('working');
    expect(view.meta.pause).toMatchObject({
      type: 'toolError',
      failedStep: 'last',
      error: 'Resource "file:///missing" could not be read: there is none.',
    });
    const texts = view.messages.map(({ content }) => content.text);
    expect(texts).toContain('Resource content from file:///b:\n```\ntext of file:///b\n```');
    const { entries } = await tasks.for(OWNER).get(view.head.taskId, ['outcome']);
    expect(entries.find(({ name }) => name === 'step:use')?.value).toContain(
      'text of file:///a%2F..%2Fb%20c\\ntext of file:///b',
    );
  });

  it('is skipped when its condition does not hold', async () => {
    const tasks = layer();
    const tool = tasks.tool('tool', {}, () => structured({ tier: 'large', isNew: false }));
    const args = z.object({ region: z.string(), note: z.string().optional() });
    workflow(tasks, 'w', { description: 'd', arguments: args }, ({ args: given, step }) => {
      const one = step('one', { tool });
      step('truthy', { tool, when: field(one.output, 'tier') });
      step('falsy', { tool, when: field(one.output, 'isNew') });
      step('absent', { tool, when: given.note });
      step('is', { tool, when: { value: given.region, is: 'eu' } });
      step('is not', { tool, when: { value: given.region, isNot: 'eu' } });
      const is = step('is other', { tool, when: { value: given.region, is: 'us' } });
      step('after', { tool, after: [is] });
    });
    const view = await client(tasks).start('w', { region: 'eu' });
    expect(statuses(view)).toBe('completed completed skipped skipped completed skipped skipped completed');
    expect(view.head.status).toBe('completed');
  });

  it('leaves out an optional argument whose source may be absent and is', async () => {
    const tasks = layer();
    const seen: unknown[] = [];
    const tool = tasks.tool(
      'tool',
      {
        inputSchema: z.object({ a: z.string().optional(), b: z.string().optional(), c: z.string() }),
        outputSchema: z.object({ note: z.string().optional() }),
      },
      (args) => {
        seen.push(args);
        return structured({});
      },
    );
    workflow(tasks, 'w', { description: 'd', arguments: z.object({ a: z.string().optional() }) }, ({ args, step }) => {
      const one = step('one', { tool, arguments: { a: args.a, c: 'c' } });
      step('two', { tool, arguments: { b: one.output.note, c: 'c' } });
    });
    expect((await client(tasks).start('w')).head.status).toBe('completed');
    expect(seen).toEqual([{ c: 'c' }, { c: 'c' }]);
  });
});

describe('a workflow task', () => {
  it('[TTLW-01] lives as long as the workflow says, at most as long as the limit allows', async () => {
    const tasks = layer({ limits: { minTtlMs: 1, maxTtlMs: 60_000 } });
    const define = (name: string, ttlMs: number | undefined) =>
      workflow(
        tasks,
        name,
        { description: 'd', ttlMs },
        ({ step }) => void step('one', { client: true, guidance: 'x' }),
      );
    define('short', 30_000);
    define('long', Number.MAX_SAFE_INTEGER);
    const { start } = client(tasks);
    expect((await start('short')).head.ttlMs).toBe(30_000);
    const { ttlMs, createdAtMs, expiresAtMs } = (await start('long')).head;
    expect([ttlMs, expiresAtMs - createdAtMs]).toEqual([60_000, 60_000]);
    for (const ttlMs of [0, -1, 0.5, Infinity]) expect(() => define('bad', ttlMs)).toThrow(/ttlMs/);
  });

  it('[FNDX-01] is none when arguments are missing or do not fit: the error names them', async () => {
    const tasks = layer();
    const args = z.object({ region: z.string(), count: z.coerce.number() });
    workflow(
      tasks,
      'w',
      { description: 'd', arguments: args },
      ({ step }) => void step('one', { client: true, guidance: 'x' }),
    );
    const { begin } = client(tasks);
    await expect(begin('w', { count: 'many' })).rejects.toThrow(/region: .*count: /);
    expect((await tasks.for(OWNER).list()).heads).toEqual([]);
  });

  it('reports how many steps are done', async () => {
    const tasks = layer();
    const tool = tasks.tool('tool', {}, () => text(''));
    workflow(tasks, 'w', { description: 'd' }, ({ step }) => {
      step('one', { tool });
      step('two', { tool });
      step('three', { client: true, guidance: 'x' });
    });
    const { head } = await client(tasks).start('w');
    expect(head.progress).toMatchObject({ done: 2, total: 3 });
  });

  it('[CONT-03] can be completed by its client, but not while the server runs a step; the result says who supplied it', async () => {
    const tasks = layer({ limits: { maxResultBytes: 1_000 } });
    let release: () => void = () => undefined;
    const slow = tasks.tool('slow', {}, async () => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return text('');
    });
    workflow(tasks, 'w', { description: 'd' }, ({ step }) => {
      step('one', { tool: slow });
      step('two', { client: true, guidance: 'x' });
    });
    const { engine, begin, settled } = client(tasks);
    const { taskId } = await begin('w');
    const isRunning = ({ statusMessage = '' }: { readonly statusMessage?: string | undefined }) =>
      statusMessage.includes('running');
    await tasks.for(OWNER).waitFor(taskId, isRunning, { signal: AbortSignal.timeout(10_000) });
    await expect(engine.completeByClient(OWNER, taskId, text('mine'))).rejects.toMatchObject({
      code: 'TASK_INVALID_TRANSITION',
    });
    release();
    await settled(taskId);
    await expect(engine.completeByClient('mallory', taskId, text('mine'))).rejects.toMatchObject({
      code: 'TASK_NOT_FOUND',
    });
    const large = engine.completeByClient(OWNER, taskId, text('x'.repeat(1_000)));
    await expect(large).rejects.toMatchObject({ code: 'RESULT_TOO_LARGE' });
    expect(await engine.completeByClient(OWNER, taskId, text('mine'))).toMatchObject({ status: 'completed' });
    const { entries } = await tasks.for(OWNER).get(taskId, ['result']);
    expect(JSON.parse(entries[0]?.value ?? '')).toEqual({
      ...text('mine'),
      _meta: { 'io.github.mcp-tasks/workflow': { suppliedBy: 'client' } },
    });
    await expect(engine.completeByClient(OWNER, taskId, text('again'))).rejects.toMatchObject({
      code: 'TASK_ALREADY_TERMINAL',
    });
  });
});
