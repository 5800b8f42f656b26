import { memoryStore, TaskError } from '@mcp-tasks/store';
import { ProtocolFailure } from '@mcp-tasks/wire';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { callTool, type ToolCallInRun, type ToolOutcome } from '../../src/engine.ts';
import type { AuthorizeRequest, TaskContext, TaskTool } from '../../src/index.ts';
import { fakeClock } from '../../src/testing.ts';
import { aborted, codeOf, ended, gate, layer, reasonOf, text, until, untilOpen } from '../support/layer.ts';

const name = z.object({ name: z.string() });

function callOf(tool: TaskTool, rest: Partial<ToolCallInRun> = {}): ToolCallInRun {
  return {
    tool,
    arguments: {},
    prefix: 's/',
    timeoutMs: 300_000,
    mayPark: true,
    workflow: { workflow: 'outer', taskId: 't', step: 's', attempt: 4 },
    ...rest,
  };
}

/** A task whose handler calls a tool, and what it got. */
function calling(
  tool: (made: ReturnType<typeof layer>['tasks']) => ToolCallInRun,
  options: Parameters<typeof layer>[0] = {},
) {
  const made = layer(options);
  const outcomes: ToolOutcome[] = [];
  const call = tool(made.tasks);
  made.tasks.tool('outer', { onCrash: 'rerun' }, async (_args, task) => {
    outcomes.push(await callTool(task, call));
    return text('outer done');
  });
  return { ...made, outcomes };
}

describe('a tool that a run calls', () => {
  it('has names of its own for all that it stores and asks, and the id of the task', async () => {
    const contexts: Partial<TaskContext>[] = [];
    const { tasks, start, outcomes } = calling((layer) =>
      callOf(
        layer.tool('inner', { inputSchema: name }, async (args, task) => {
          const { id, owner, attempt, workflow, inline } = task;
          contexts.push({ id, owner, attempt, workflow, inline });
          await task.set('x', 1);
          await task.publish('shown', args.name);
          const idempotencyKey = await task.step('one', (step) => step.idempotencyKey);
          const answer = await task.elicit('sure', { message: 'Sure?', schema: name });
          return { content: [], structuredContent: { x: task.get('x') ?? null, idempotencyKey, answer } };
        }),
        { arguments: { name: 'Ada' } },
      ),
    );
    const head = await start('outer');
    await untilOpen(tasks, head, 's/sure');
    await tasks.for('alice').answer(head.taskId, { 's/sure': { action: 'decline' } });
    const { entries } = await ended(tasks, head);
    const named = entries.map((entry) => `${entry.kind} ${entry.name}`).sort();
    expect(named).toEqual(
      [
        'answer s/sure',
        'call ',
        'checkpoint s/one',
        'published s/shown',
        'question s/sure',
        'result ',
        'variable s/x',
      ].sort(),
    );
    expect(outcomes).toMatchObject([
      { kind: 'result', result: { structuredContent: { x: 1, answer: { action: 'decline' } } } },
    ]);
    const workflow = { workflow: 'outer', taskId: 't', step: 's', attempt: 4 };
    expect(contexts).toEqual([{ id: head.taskId, owner: 'alice', attempt: 4, workflow, inline: false }]);
    await tasks.close();
  });

  it('finds in a later run what it stored in an earlier one', async () => {
    let runs = 0;
    const { tasks, start, outcomes } = calling(
      (layer) =>
        callOf(
          layer.tool('inner', {}, async (_args, task) => {
            const counted = await task.step('count', () => ++runs);
            const answer = await task.elicit('sure', { message: 'Sure?', schema: name });
            return text(`${counted} ${answer.action}`);
          }),
        ),
      { parkAfterMs: 0 },
    );
    const head = await start('outer');
    await until(tasks, head, ({ dueAtMs, openQuestions }) => dueAtMs === null && openQuestions.length === 1);
    await tasks.for('alice').answer(head.taskId, { 's/sure': { action: 'cancel' } });
    expect((await ended(tasks, head)).head.attempt).toBe(2);
    expect(outcomes).toEqual([{ kind: 'result', result: text('1 cancel') }]);
    expect(runs).toBe(1);
    await tasks.close();
  });

  it('does not let the run park while it may not be begun again', async () => {
    const clock = fakeClock();
    const { tasks, start } = calling(
      (layer) =>
        callOf(
          layer.tool('inner', {}, async (_args, task) =>
            text((await task.elicit('sure', { message: 'Sure?', schema: name })).action),
          ),
          { mayPark: false },
        ),
      { clock, parkAfterMs: 10 },
    );
    const head = await start('outer');
    await untilOpen(tasks, head, 's/sure');
    await clock.advance(1_000);
    const waiting = await tasks.for('alice').get(head.taskId);
    expect(waiting.head).toMatchObject({ attempt: 1, holder: expect.any(String) as string });
    await tasks.for('alice').answer(head.taskId, { 's/sure': { action: 'decline' } });
    expect((await ended(tasks, head)).head.attempt).toBe(1);
    await tasks.close();
  });

  it.each([
    ['an error', new Error('no disk'), { kind: 'result', result: { ...text('no disk'), isError: true } }],
    [
      'a JSON-RPC error',
      new ProtocolFailure(-32000, 'no', { a: 1 }),
      { kind: 'error', error: { code: -32000, message: 'no', data: { a: 1 } } },
    ],
  ])('that throws %s ends with it, and the run goes on', async (_what, thrown, outcome) => {
    const { tasks, start, outcomes } = calling((layer) =>
      callOf(
        layer.tool('inner', {}, () => {
          throw thrown;
        }),
      ),
    );
    expect((await ended(tasks, await start('outer'))).head.status).toBe('completed');
    expect(outcomes).toEqual([{ ...outcome, thrown }]);
    await tasks.close();
  });

  it('[TYPE-09] is checked as any call: arguments, result, limits', async () => {
    const bad = async (tool: (made: ReturnType<typeof layer>['tasks']) => TaskTool) => {
      const { tasks, start, outcomes } = calling((made) => callOf(tool(made)), { limits: { maxResultBytes: 100 } });
      await ended(tasks, await start('outer'));
      await tasks.close();
      return JSON.stringify(outcomes[0]);
    };
    expect(await bad((t) => t.tool('inner', { inputSchema: name }, () => text('')))).toContain(
      'Input validation error: Invalid arguments for tool inner: name',
    );
    const outputSchema = z.object({ n: z.number() });
    expect(await bad((t) => t.tool('inner', { outputSchema }, () => text('')))).toContain('Output validation error');
    expect(await bad((t) => t.tool('inner', {}, () => text('x'.repeat(200))))).toContain('RESULT_TOO_LARGE');
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    const looping = () => ({ content: [], structuredContent: cyclic });
    expect(await bad((t) => t.tool('inner', {}, looping))).toContain('cannot be written as JSON');
  });

  it('[SEC-02] is authorized as a step, and a refusal is its outcome', async () => {
    const asked: AuthorizeRequest[] = [];
    let runs = 0;
    const { tasks, start, outcomes } = calling(
      (layer) =>
        callOf(
          layer.tool('inner', {}, () => {
            runs++;
            return text('');
          }),
        ),
      {
        authorize: (request) => {
          asked.push(request);
          if (request.via === 'step') throw new Error('not for you');
        },
      },
    );
    await ended(tasks, await start('outer', {}, { caller: { role: 'guest' } }));
    expect(asked.map(({ tool, via }) => `${tool} ${via}`)).toEqual(['outer call', 'inner step']);
    expect(asked[1]).toMatchObject({ owner: 'alice', caller: { role: 'guest' }, arguments: {} });
    expect(outcomes).toMatchObject([
      { kind: 'error', error: { code: -32602, message: 'Tool "inner" may not run: not for you.' } },
    ]);
    expect(runs).toBe(0);
    await tasks.close();
  });

  it('that never returns is stopped, what it still does changes nothing, and the run goes on', async () => {
    const clock = fakeClock();
    const late = gate();
    const after = gate<string>();
    const { tasks, start, outcomes } = calling(
      (layer) =>
        callOf(
          layer.tool('inner', {}, async (_args, task) => {
            await aborted(task.signal);
            expect(reasonOf(task.signal)).toBe('timeout');
            await late.opened;
            after.open(await codeOf(() => task.set('x', 1)));
            return text('too late');
          }),
          { timeoutMs: 500 },
        ),
      { clock },
    );
    const head = await start('outer');
    await until(tasks, head, ({ attempt }) => attempt === 1);
    await clock.advance(500);
    const { entries } = await ended(tasks, head);
    late.open();
    expect(await after.opened).toBe('RUN_ENDED');
    expect(outcomes).toEqual([
      { kind: 'result', result: { ...text('Tool "inner" took longer than 500 ms and was stopped.'), isError: true } },
    ]);
    expect(entries.filter(({ kind }) => kind === 'variable')).toEqual([]);
    await tasks.close();
  });

  it('ends with the run: its signal aborts, and the caller gets no outcome', async () => {
    const began = gate();
    const stopped = gate<unknown>();
    const code = gate<string>();
    const { tasks, start } = layer();
    const inner = tasks.tool('inner', {}, async (_args, task) => {
      began.open();
      await aborted(task.signal);
      stopped.open(reasonOf(task.signal));
      return text('');
    });
    tasks.tool('outer', {}, async (_args, task) => {
      code.open(await codeOf(() => callTool(task, callOf(inner))));
      return text('');
    });
    const head = await start('outer');
    await began.opened;
    await tasks.for('alice').cancel(head.taskId);
    expect(await stopped.opened).toBe('cancelled');
    expect(await code.opened).toBe('RUN_ENDED');
    await tasks.close();
  });

  it('cannot park', async () => {
    const { tasks, start, outcomes } = calling((layer) =>
      callOf(layer.tool('inner', { onCrash: 'rerun' }, (_args, task) => task.park('later'))),
    );
    await ended(tasks, await start('outer'));
    expect(outcomes).toMatchObject([
      { result: { ...text('Tool "inner" cannot park: it runs as a step of a workflow.'), isError: true } },
    ]);
    await tasks.close();
  });

  it('shows its messages, and leaves the progress to the run', async () => {
    const { tasks, start } = calling((layer) =>
      callOf(
        layer.tool('inner', {}, (_args, task) => {
          task.progress(7, 9, 'half way');
          return text('');
        }),
      ),
    );
    const { head } = await ended(tasks, await start('outer'));
    expect(head.statusMessage).toBe('half way');
    expect(head.progress).toBeUndefined();
    await tasks.close();
  });

  it('works inside a request too', async () => {
    const store = memoryStore();
    const { tasks, outcomes } = calling(
      (layer) =>
        callOf(
          layer.tool('inner', {}, async (_args, task) => {
            await task.set('x', 1);
            return text(String(task.inline));
          }),
        ),
      { store },
    );
    const { signal } = new AbortController();
    await tasks.runInline({ tool: 'outer', owner: 'alice', arguments: {} }, { signal });
    expect(outcomes).toEqual([{ kind: 'result', result: text('true') }]);
    await tasks.close();
  });

  it('needs a context of this package', async () => {
    const { tasks } = layer();
    const inner = tasks.tool('inner', {}, () => text(''));
    await expect(callTool({}, callOf(inner))).rejects.toThrow(TypeError);
    expect(TaskError.is(new TypeError())).toBe(false);
    await tasks.close();
  });
});
