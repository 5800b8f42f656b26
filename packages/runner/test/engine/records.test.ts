import { memoryStore, type TaskEntry, type TaskStore, type UpdateTask } from '@mcp-tasks/store';
import { type RecordRule, rules } from '@mcp-tasks/store/rules';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { amendOwn, amendTask, argumentProblems, askWithoutWaiting, leaseOf, runCall } from '../../src/engine.ts';
import { createTasks, type TaskContext, type TaskEvent, type Tasks } from '../../src/index.ts';
import { counted } from '../support/counted-store.ts';
import { codeOf, ended, entry, gate, layer, text, until } from '../support/layer.ts';

const KINDS = ['outcome', 'variable'] as const;
const outcomeOf = (name: string): TaskEntry => ({ kind: 'outcome', name, value: '1' });
const names: RecordRule<string[]> = ({ entries }) => ({ kind: 'done', value: entries.map(({ name }) => name).sort() });

function adding(name: string, change: Parameters<typeof rules.outcome>[0] = {}): RecordRule<undefined> {
  return ({ head }, nowMs) => {
    return rules.outcome({ put: [outcomeOf(name)], ...change })(head, nowMs);
  };
}

/** A workflow in small: parks until two outcomes are there, whoever records them. */
function waitingForTwo(tasks: Tasks, onRun: (task: TaskContext) => Promise<void> = async () => undefined): void {
  tasks.tool('two', { onCrash: 'rerun' }, async (_args, task) => {
    await onRun(task);
    const found = await amendOwn(task, KINDS, names);
    return found.length >= 2 ? text(found.join()) : task.park('waits for two');
  });
}

const isParked = ({ dueAtMs }: { dueAtMs: number | null }) => dueAtMs === null;
const taskOf = (taskId: string, owner = 'alice') => ({ owner, taskId, kinds: KINDS });

describe('the record of a run', () => {
  it('is decided on and written in turn with the effects of the run', async () => {
    const { tasks, start } = layer();
    tasks.tool('one', {}, async (_args, task) => {
      void task.set('x', 1);
      const seen = await amendOwn(task, KINDS, names);
      await amendOwn(task, KINDS, adding('a', { lease: leaseOf(task) }));
      return text([...seen, ...(await amendOwn(task, KINDS, names))].join());
    });
    const record = await ended(tasks, await start('one'));
    expect(entry(record, 'result')).toEqual(text('x,a,x'));
    await tasks.close();
  });

  it('throws what its rule throws or refuses with, and the run goes on', async () => {
    const { tasks, start } = layer();
    const codes: string[] = [];
    tasks.tool('one', {}, async (_args, task) => {
      const broken: RecordRule<void> = () => {
        throw new RangeError('broken rule');
      };
      codes.push(await codeOf(() => amendOwn(task, KINDS, broken)));
      const over = adding('a');
      await amendOwn(task, KINDS, (record, nowMs) =>
        over({ ...record, head: { ...record.head, status: 'failed' } }, nowMs),
      ).catch((error: unknown) => codes.push((error as { code: string }).code));
      return text('went on');
    });
    expect(entry(await ended(tasks, await start('one')), 'result')).toEqual(text('went on'));
    expect(codes).toEqual(['RangeError: broken rule', 'TASK_ALREADY_TERMINAL']);
    await tasks.close();
  });

  it('[EXEC-01] can end the task in the write of its last outcome: told of once, and the handler only returns', async () => {
    const events: TaskEvent[] = [];
    const { tasks, start } = layer({ onEvent: (event) => void events.push(event) });
    const completion = { result: text('all done'), keepResultMs: 0 };
    tasks.tool('one', {}, async (_args, task) => {
      await amendOwn(task, KINDS, adding('a', { lease: leaseOf(task), completion }));
      return text('ignored');
    });
    const record = await ended(tasks, await start('one'));
    await tasks.close();
    expect(entry(record, 'result')).toEqual(text('all done'));
    expect(record.head.version).toBe(2);
    expect(events.filter(({ type }) => type === 'settled')).toHaveLength(1);
  });

  it('may not be written by a run that lost its task', async () => {
    const { tasks, start } = layer();
    const began = gate();
    const cancelled = gate();
    const code = gate<string>();
    tasks.tool('one', {}, async (_args, task) => {
      began.open();
      await cancelled.opened;
      code.open(await codeOf(() => amendOwn(task, KINDS, adding('a', { lease: leaseOf(task) }))));
      return text('');
    });
    const head = await start('one');
    await began.opened;
    await tasks.for('alice').cancel(head.taskId);
    cancelled.open();
    expect(await code.opened).toBe('RUN_ENDED');
    await tasks.close();
  });
});

describe('the record of a task, from outside', () => {
  it('[CONT-02] wakes a parked task in the write that records, in another process too', async () => {
    const store = memoryStore();
    const here = createTasks({ store });
    const there = createTasks({ store });
    waitingForTwo(here);
    waitingForTwo(there);
    const head = await here.startTask({ tool: 'two', owner: 'alice', arguments: {} });
    await until(here, head, isParked);
    const first = await amendTask(here, taskOf(head.taskId), adding('a'));
    expect(first).toMatchObject({ wrote: true, head: { dueAtMs: null } });
    await amendTask(there, taskOf(head.taskId), adding('b', { wakes: true }));
    expect(entry(await ended(here, head), 'result')).toEqual(text('a,b'));
    await Promise.all([here.close(), there.close()]);
  });

  it('[CONT-02] loses nothing that is recorded while the run decides to park', async () => {
    for (const recordsBefore of [true, false]) {
      const { tasks, start } = layer();
      waitingForTwo(tasks, async (task) => {
        if (task.attempt > 1) return;
        const record = () => amendTask(tasks, taskOf(task.id), adding('b', { wakes: true }));
        await amendTask(tasks, taskOf(task.id), adding('a'));
        if (recordsBefore) await record();
        // Between the decision and the write that parks.
        else queueMicrotask(() => void amendOwn(task, KINDS, names).then(record));
      });
      expect(entry(await ended(tasks, await start('two')), 'result')).toEqual(text('a,b'));
      await tasks.close();
    }
  });

  it('[CONT-02] loses nothing that is recorded while the last report before parking is written', async () => {
    const { store, interference } = counted(memoryStore());
    let record: (() => Promise<unknown>) | undefined;
    // Just before the write of the report, which so meets with a conflict.
    interference.before = async (_method, input) => {
      if ((input as Partial<UpdateTask>).patch?.head.statusMessage !== 'reports') return;
      const work = record;
      record = undefined;
      await work?.();
    };
    const { tasks, start } = layer({ store });
    waitingForTwo(tasks, async (task) => {
      if (task.attempt > 1) return;
      await amendTask(tasks, taskOf(task.id), adding('a'));
      record = () => amendTask(tasks, taskOf(task.id), adding('b', { wakes: true }));
      queueMicrotask(
        () =>
          void amendOwn(task, KINDS, names).then(() => {
            task.status('reports');
          }),
      );
    });
    expect(entry(await ended(tasks, await start('two')), 'result')).toEqual(text('a,b'));
    await tasks.close();
  });

  it('[CONT-02] loses none of twenty that record at once', async () => {
    const { tasks, start } = layer();
    waitingForTwo(tasks);
    const head = await start('two');
    await until(tasks, head, isParked);
    const all = Array.from({ length: 20 }, (_, index) => `o${index}`);
    await Promise.all(all.map((name) => amendTask(tasks, taskOf(head.taskId), adding(name))));
    const { entries } = await tasks.for('alice').get(head.taskId, ['outcome']);
    expect(entries.map(({ name }) => name).sort()).toEqual(all.sort());
    await tasks.close();
  });

  it.each([
    ['a foreign', 'bob', (id: string) => id],
    ['an unknown', 'alice', () => 'nobody'],
  ])('[SEC-02] is not there for %s one: told to the listener, nothing written', async (_what, owner, idOf) => {
    const events: TaskEvent[] = [];
    const { tasks, start } = layer({ onEvent: (event) => void events.push(event) });
    waitingForTwo(tasks);
    const head = await start('two');
    const parked = await until(tasks, head, isParked);
    expect(await codeOf(() => amendTask(tasks, taskOf(idOf(head.taskId), owner), adding('a')))).toBe('TASK_NOT_FOUND');
    expect(events.at(-1)).toMatchObject({ type: 'access-refused', reason: 'unknown-task', owner });
    expect((await tasks.for('alice').get(head.taskId)).head.version).toBe(parked.version);
    await tasks.close();
  });

  it('[CONT-03] ends the task with the last outcome, and tells the listener once', async () => {
    const events: TaskEvent[] = [];
    const { tasks, start } = layer({ onEvent: (event) => void events.push(event) });
    waitingForTwo(tasks);
    const head = await start('two');
    await until(tasks, head, isParked);
    const completion = { result: text('done outside'), keepResultMs: 0 };
    expect(await amendTask(tasks, taskOf(head.taskId), adding('a', { completion }))).toMatchObject({
      wrote: true,
      head: { status: 'completed' },
    });
    expect(entry(await ended(tasks, head), 'result')).toEqual(text('done outside'));
    expect(events.filter(({ type }) => type === 'settled')).toMatchObject([{ status: 'completed', isError: false }]);
    expect(await codeOf(() => amendTask(tasks, taskOf(head.taskId), adding('b')))).toBe('TASK_ALREADY_TERMINAL');
    await tasks.close();
  });
});

describe('questions asked without waiting', () => {
  const sure = { message: 'Sure?', schema: z.object({ sure: z.boolean() }) };

  function asking(store: TaskStore, during: (task: TaskContext) => Promise<void> = async () => undefined) {
    const made = layer({ store });
    made.tasks.tool('ask', { onCrash: 'rerun' }, async (_args, task) => {
      const early = await askWithoutWaiting(task, 'sure', sure);
      if (early !== undefined) return text(JSON.stringify(early));
      await during(task);
      const late = await askWithoutWaiting(task, 'sure', sure);
      return late === undefined ? task.park('asked') : text(`late ${JSON.stringify(late)}`);
    });
    return made;
  }

  it('are answered in a later run of the parked task', async () => {
    const { tasks, start } = asking(memoryStore());
    const head = await start('ask');
    const parked = await until(tasks, head, isParked);
    expect(parked).toMatchObject({ status: 'input_required', openQuestions: ['sure'], statusMessage: 'asked' });
    await tasks.for('alice').answer(head.taskId, { sure: { action: 'accept', content: { sure: true } } });
    const answered = { action: 'accept', content: { sure: true } };
    expect(entry(await ended(tasks, head), 'result')).toEqual(text(JSON.stringify(answered)));
    await tasks.close();
  });

  it('[HNDL-05] are never asked again once answered, though the answer came while the run did something else', async () => {
    const { tasks, start } = asking(memoryStore(), async (task) => {
      await tasks.for('alice').answer(task.id, { sure: { action: 'decline' } });
      // The run has written since: it knows a head on which the question is closed.
      await task.set('x', 1);
    });
    const record = await ended(tasks, await start('ask'));
    expect(entry(record, 'result')).toEqual(text('late {"action":"decline"}'));
    await tasks.close();
  });
});

describe('a call that is run inline for somebody', () => {
  const host = { signal: new AbortController().signal };

  it('tells its private record, which is in no store', async () => {
    const { tasks } = layer();
    tasks.tool('one', {}, async (_args, task) => {
      await amendOwn(task, KINDS, adding('a', { lease: leaseOf(task) }));
      await task.set('x', 2);
      return text((await amendOwn(task, KINDS, names)).join());
    });
    const outcome = await runCall(tasks, { tool: 'one', owner: 'alice', arguments: { n: 1 } }, host);
    expect(outcome).toMatchObject({ kind: 'result', result: text(',a,x') });
    expect(outcome.record?.head).toMatchObject({ owner: 'alice', handler: 'one', status: 'working', version: 2 });
    const { taskId } = outcome.record?.head ?? { taskId: '' };
    expect(await codeOf(() => tasks.for('alice').get(taskId))).toBe('TASK_NOT_FOUND');
    await tasks.close();
  });

  it('tells what the handler threw, and authorizes a continuation as one', async () => {
    const via: string[] = [];
    const { tasks } = layer({ authorize: (request) => void via.push(request.via) });
    const thrown = new Error('no disk');
    const steps: unknown[] = [];
    tasks.tool('one', {}, (_args, task) => {
      steps.push(task.workflow);
      throw thrown;
    });
    const workflow = { workflow: 'w', taskId: 't', step: 's', attempt: 1 };
    const outcome = await runCall(tasks, { tool: 'one', owner: 'alice', arguments: {}, workflow }, host);
    expect(outcome).toMatchObject({ kind: 'result', result: { isError: true }, thrown });
    expect(steps).toEqual([workflow]);
    expect(via).toEqual(['continuation']);
    await tasks.close();
  });
});

describe('[PAUS-01] what is wrong with arguments', () => {
  const inputSchema = z.object({
    region: z.string(),
    size: z.number().min(1),
    window: z.object({ start: z.string(), end: z.string() }),
    note: z.string().optional(),
  });
  const { tasks } = layer();
  const tool = tasks.tool('deploy', { inputSchema }, () => text(''));

  it('names every missing and every ill-typed field, nested ones too', async () => {
    expect(await argumentProblems(tool, { size: 0, window: { start: 1 }, note: 5 })).toMatchObject({
      missing: ['region', 'window.end'],
      illTyped: [{ field: 'size' }, { field: 'window.start' }, { field: 'note' }],
    });
  });

  it('is nothing when they fit', async () => {
    const window = { start: 'a', end: 'b' };
    expect(await argumentProblems(tool, { region: 'eu', size: 1, window })).toBeUndefined();
  });

  it('is told of the whole when no field is to blame', async () => {
    const strict = tasks.tool('strict', { inputSchema: z.strictObject({}) }, () => text(''));
    expect(await argumentProblems(strict, { more: 1 })).toMatchObject({ missing: [], illTyped: [{ field: '' }] });
  });
});
