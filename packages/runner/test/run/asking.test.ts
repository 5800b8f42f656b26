import { memoryStore } from '@mcp-tasks/store';
import type { JsonObject } from '@mcp-tasks/wire';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createTasks, inProcessExecutor, type TaskEvent } from '../../src/index.ts';
import { fakeClock, inspect } from '../../src/testing.ts';
import { counted } from '../support/counted-store.ts';
import {
  codeOf,
  ended,
  entry,
  errorText,
  gate,
  layer,
  reasonOf,
  recordOf,
  resultOf,
  text,
  until,
  untilOpen,
} from '../support/layer.ts';

const name = z.object({ name: z.string() });
const accept = (content: JsonObject) => ({ action: 'accept', content });
const sampleParams = { messages: [{ role: 'user', content: { type: 'text', text: 'joke' } }], maxTokens: 10 };

describe('questions of a task', () => {
  it('[STOR-03] fit into the head that every answer of a store carries, whatever their keys are', async () => {
    const { tasks, start } = layer();
    const key = (index: number) => '\u0800'.repeat(126) + String(index).padStart(2, '0');
    const codes: string[] = [];
    tasks.tool('many', {}, async (_args, task) => {
      codes.push(await codeOf(() => task.sample('x'.repeat(129), sampleParams)));
      codes.push(await codeOf(() => task.elicit('', { message: '?', schema: name })));
      codes.push(await codeOf(() => task.elicit('valueOf', { message: '?', schema: name })));
      task.progress(1, 2, '\u0800'.repeat(100_000));
      await Promise.all(Array.from({ length: 16 }, (_, index) => task.sample(key(index), sampleParams)));
      return text('answered');
    });
    const head = await start('many', {}, { owner: '\u0800'.repeat(170) });
    const open = await until(tasks, head, ({ openQuestions }) => openQuestions.length === 16);
    expect(codes).toEqual(['NAME_INVALID', 'NAME_INVALID', 'NAME_INVALID']);
    expect(open.openQuestions).toEqual(Array.from({ length: 16 }, (_, index) => key(index)));
    expect(open.progress?.message).toBe('\u0800'.repeat(341));
    expect(Buffer.byteLength(JSON.stringify(open))).toBeLessThanOrEqual(16 * 1024);
    await tasks.close({ drainMs: 0 });
  });

  it('[HNDL-05] are durable, and the task is input_required exactly while one is open', async () => {
    const { tasks, start } = layer();
    tasks.tool('two', {}, async (_args, task) => {
      const [one, other] = await Promise.all([
        task.elicit('name', { message: 'Name?', schema: name }),
        task.sample('joke', sampleParams),
      ]);
      return text(`${one.action === 'accept' ? one.content.name : one.action} ${other.model}`);
    });
    const head = await start('two');
    const open = await until(tasks, head, ({ openQuestions }) => openQuestions.length === 2);
    expect(open).toMatchObject({ status: 'input_required', openQuestions: ['name', 'joke'] });
    const record = await recordOf(tasks, head);
    expect(entry(record, 'question', 'name')).toEqual({
      method: 'elicitation/create',
      params: {
        mode: 'form',
        message: 'Name?',
        requestedSchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
      },
    });
    expect(entry(record, 'question', 'joke')).toEqual({ method: 'sampling/createMessage', params: sampleParams });

    const mine = tasks.for('alice');
    const half = await mine.answer(head.taskId, { name: accept({ name: 'Ada' }), unknown: accept({}) });
    expect(half).toMatchObject({ status: 'input_required', openQuestions: ['joke'] });
    const joke = { role: 'assistant', model: 'm1', content: { type: 'text', text: 'ha' } };
    const whole = await mine.answer(head.taskId, { name: accept({ name: 'Eve' }), joke });
    expect(whole).toMatchObject({ status: 'working', openQuestions: [] });
    expect(resultOf(await ended(tasks, head))).toEqual(text('Ada m1'));
    expect((await mine.answer(head.taskId, { joke })).status).toBe('completed');
    await tasks.close();
  });

  it('take the first answer that fits: one that does not refuses all, and leaves the questions open', async () => {
    const { tasks, start } = layer();
    tasks.tool('two', {}, async (_args, task) => {
      const answers = await Promise.all(['a', 'b'].map((key) => task.elicit(key, { message: key, schema: name })));
      return text(answers.map((answer) => (answer.action === 'accept' ? answer.content.name : answer.action)).join());
    });
    const head = await start('two');
    await until(tasks, head, ({ openQuestions }) => openQuestions.length === 2);
    const mine = tasks.for('alice');
    const refused = mine.answer(head.taskId, { a: accept({ name: 'Ada' }), b: accept({ name: 5 }) });
    await expect(refused).rejects.toMatchObject({ code: 'TASK_ANSWER_INVALID', details: { key: 'b' } });
    await expect(refused).rejects.toThrow('"b"');
    const record = await recordOf(tasks, head);
    expect(record.head.openQuestions).toEqual(['a', 'b']);
    expect(record.entries.filter(({ kind }) => kind === 'answer')).toEqual([]);
    await mine.answer(head.taskId, { a: { action: 'decline' }, b: { action: 'cancel' } });
    expect(resultOf(await ended(tasks, head))).toEqual(text('decline,cancel'));
    await tasks.close();
  });

  it('refuse answers over the limit', async () => {
    const { tasks, start } = layer({ limits: { maxArgumentsBytes: 100 } });
    tasks.tool('ask', {}, async (_args, task) => {
      await task.elicit('a', { message: 'A?', schema: name });
      return text('done');
    });
    const head = await start('ask');
    await untilOpen(tasks, head, 'a');
    const answer = tasks.for('alice').answer(head.taskId, { a: accept({ name: 'Ada', extra: 'x'.repeat(100) }) });
    await expect(answer).rejects.toThrow('the limit is 100');
    await tasks.close({ drainMs: 0 });
  });

  it('are refused when asked twice in one run, too many at once, or not supported by the client', async () => {
    const { tasks, start } = layer({ limits: { maxOpenQuestions: 2 } });
    const codes: unknown[] = [];
    const asked = gate();
    tasks.tool('ask', {}, async (_args, task) => {
      const code = (error: { code?: string; message: string }) => codes.push(error.code ?? error.message);
      const open = [
        task.elicit('a', { message: 'A?', schema: name }),
        task.elicit('b', { message: 'B?', schema: name }),
      ];
      await task.elicit('a', { message: 'A?', schema: name }).catch(code);
      await task.sample('a', sampleParams).catch(code);
      await task.elicit('c', { message: 'C?', schema: name }).catch(code);
      await task.sample('d', sampleParams).catch(code);
      await task.sample('e', { messages: [] }).catch(code);
      asked.open();
      await Promise.all(open);
      return text('done');
    });
    const head = await start('ask', {}, { inputCapabilities: { sampling: false } });
    await asked.opened;
    expect(codes).toEqual([
      'QUESTION_KEY_REUSED',
      'QUESTION_KEY_REUSED',
      'QUESTION_LIMIT',
      'INPUT_UNSUPPORTED',
      'Question "e": maxTokens must be an integer.',
    ]);
    await tasks.for('alice').answer(head.taskId, { a: accept({ name: 'a' }), b: accept({ name: 'b' }) });
    expect(resultOf(await ended(tasks, head))).toEqual(text('done'));
    await tasks.close();
  });

  it('that nobody catches when they cannot be asked make a result with isError', async () => {
    const { tasks, start } = layer();
    tasks.tool('ask', {}, async (_args, task) => {
      await task.elicit('a', { message: 'A?', schema: name });
      return text('done');
    });
    const head = await start('ask', {}, { inputCapabilities: { elicitation: false } });
    expect(resultOf(await ended(tasks, head))).toEqual(
      errorText('The question "a" cannot be asked: the client does not support elicitation.'),
    );
    await tasks.close();
  });

  it('whose answers the author schema refuses beyond JSON Schema reject where they were asked', async () => {
    const { tasks, start } = layer();
    tasks.tool('ask', {}, async (_args, task) => {
      await task.elicit('even', {
        message: '?',
        schema: z.object({ n: z.number().refine((n) => n % 2 === 0, 'odd') }),
      });
      return text('done');
    });
    const head = await start('ask');
    await untilOpen(tasks, head, 'even');
    await tasks.for('alice').answer(head.taskId, { even: accept({ n: 1 }) });
    expect(resultOf(await ended(tasks, head))).toEqual(
      errorText('The answer to question "even" does not fit: n: odd.'),
    );
    await tasks.close();
  });

  it('give the slot back at once, and take one again for the answer', async () => {
    const { tasks, start } = layer({ executor: inProcessExecutor({ concurrency: 1 }) });
    const block = gate();
    tasks.tool('ask', {}, async (_args, task) => {
      await task.elicit('a', { message: 'A?', schema: name });
      return text('answered');
    });
    tasks.tool('block', {}, async () => {
      await block.opened;
      return text('blocked');
    });
    const asking = await start('ask');
    await untilOpen(tasks, asking, 'a');
    const blocking = await start('block');
    await until(tasks, blocking, ({ attempt }) => attempt === 1);
    await tasks.for('alice').answer(asking.taskId, { a: accept({ name: 'Ada' }) });
    await new Promise((resolve) => setImmediate(resolve));
    expect((await recordOf(tasks, asking)).head.status).toBe('working');
    block.open();
    expect(resultOf(await ended(tasks, asking))).toEqual(text('answered'));
    await tasks.close();
  });

  it('cost a waiting run no slot until the last of them is answered', async () => {
    const { tasks, start } = layer({ executor: inProcessExecutor({ concurrency: 1 }) });
    tasks.tool('ask', {}, async (_args, task) => {
      await Promise.all(['a', 'b'].map((key) => task.elicit(key, { message: key, schema: name })));
      return text('answered');
    });
    tasks.tool('other', {}, () => text('ran'));
    const asking = await start('ask');
    await until(tasks, asking, ({ openQuestions }) => openQuestions.length === 2);
    await tasks.for('alice').answer(asking.taskId, { a: accept({ name: 'Ada' }) });
    for (let n = 0; n < 3; n++) expect(resultOf(await ended(tasks, await start('other')))).toEqual(text('ran'));
    await tasks.for('alice').answer(asking.taskId, { b: accept({ name: 'Ada' }) });
    expect(resultOf(await ended(tasks, asking))).toEqual(text('answered'));
    // Every slot came back.
    for (let n = 0; n < 3; n++) expect(resultOf(await ended(tasks, await start('other')))).toEqual(text('ran'));
    await tasks.close();
  });

  it('are withdrawn when the task ends, and one that nothing waits for is told', async () => {
    const errors: unknown[] = [];
    const { tasks, start } = layer({ onBackgroundError: (error) => errors.push(error) });
    tasks.tool('ask', {}, async (_args, task) => {
      void task.elicit('a', { message: 'A?', schema: name });
      await task.set('asked', true);
      return text('did not wait');
    });
    const head = await start('ask');
    const record = await ended(tasks, head);
    expect(record.head).toMatchObject({ status: 'completed', openQuestions: [] });
    await tasks.close();
    expect(inspect(tasks)).toEqual({ runs: 0, timers: 0, waiters: 0 });
    expect(errors).toMatchObject([{ code: 'EFFECT_NOT_AWAITED', details: { method: 'elicit', names: ['a'] } }]);
  });

  it('never take an answer that was checked before the question was open', async () => {
    const { store, interference } = counted(memoryStore());
    const { tasks, start } = layer({ store });
    const second = gate();
    tasks.tool('ask', {}, async (_args, task) => {
      const first = task.elicit('a', { message: 'A?', schema: name });
      await second.opened;
      const answers = await Promise.all([first, task.elicit('b', { message: 'B?', schema: name })]);
      return text(answers.map(({ action }) => action).join());
    });
    const head = await start('ask');
    await untilOpen(tasks, head, 'a');
    // The second question opens between the check of the answers and their write.
    interference.after = async (method, input) => {
      const { kinds } = input as { kinds?: readonly string[] };
      if (method !== 'get' || kinds?.includes('question') !== true) return;
      delete interference.after;
      second.open();
      await untilOpen(tasks, head, 'b');
    };
    const after = await tasks.for('alice').answer(head.taskId, { a: accept({ name: 'Ada' }), b: 'garbage' as never });
    expect(after.openQuestions).toEqual(['b']);
    await tasks.for('alice').answer(head.taskId, { b: { action: 'decline' } });
    expect(resultOf(await ended(tasks, head))).toEqual(text('accept,decline'));
    await tasks.close();
  });
});

describe('questions that a tool declares', () => {
  const ask = { user_name: { message: 'Name?', schema: name } };

  it('are asked inside the task before the handler, when the call brings no answers', async () => {
    const { tasks, start } = layer();
    let began = false;
    tasks.tool('greet', { ask }, (_args, task) => {
      began = true;
      const { user_name: answer } = task.answers;
      return text(`Hello, ${answer.action === 'accept' ? answer.content.name : 'nobody'}!`);
    });
    const head = await start('greet');
    await untilOpen(tasks, head, 'user_name');
    expect(began).toBe(false);
    await tasks.for('alice').answer(head.taskId, { user_name: accept({ name: 'Ada' }) });
    expect(resultOf(await ended(tasks, head))).toEqual(text('Hello, Ada!'));
    await tasks.close();
  });

  it('are not asked again when the call brings answers, which must fit', async () => {
    const events: TaskEvent[] = [];
    const { tasks, start } = layer({ onEvent: (event) => events.push(event) });
    tasks.tool('greet', { ask }, async (_args, task) => {
      const code = await codeOf(() => task.elicit('user_name', { message: '?', schema: name }));
      return text(`${task.answers.user_name.action} ${code}`);
    });
    const bad = start('greet', {}, { answers: { user_name: accept({}) } });
    await expect(bad).rejects.toMatchObject({ code: 'TASK_ANSWER_INVALID', details: { key: 'user_name' } });
    expect(events).toEqual([]);
    const head = await start('greet', {}, { answers: { user_name: { action: 'decline' }, other: {} } });
    expect(resultOf(await ended(tasks, head))).toEqual(text('decline QUESTION_KEY_REUSED'));
    await tasks.close();
  });
});

describe('a run that waits long', () => {
  it('[DURA-09] is parked: held by nobody, and woken by an answer from any process', async () => {
    const clock = fakeClock();
    const store = memoryStore();
    const log: string[] = [];
    const make = (process: string) => {
      const tasks = createTasks({ store, clock, parkAfterMs: 1_000 });
      tasks.tool('ask', { onCrash: 'rerun' }, async (_args, task) => {
        task.signal.addEventListener('abort', () => {
          log.push(`${process} ${String(reasonOf(task.signal))}`);
        });
        log.push(`${process} run ${task.attempt}`);
        const value = await task.step('once', () => `${process} stepped`);
        const answer = await task.elicit('a', { message: `from ${process}`, schema: name });
        return text(`${value}, ${answer.action === 'accept' ? answer.content.name : answer.action} in ${process}`);
      });
      return tasks;
    };
    const one = make('one');
    const two = make('two');
    const head = await one.startTask({ tool: 'ask', owner: 'alice', arguments: {} });
    await untilOpen(one, head, 'a');
    await clock.advance(999);
    expect((await recordOf(one, head)).head.holder).toBeDefined();
    await clock.advance(1);
    const parked = await recordOf(one, head);
    expect(parked.head).toMatchObject({ status: 'input_required', dueAtMs: null, openQuestions: ['a'], attempt: 1 });
    expect(parked.head.holder).toBeUndefined();
    expect(inspect(one)).toMatchObject({ runs: 0, waiters: 0 });
    expect(log).toEqual(['one run 1', 'one parked']);

    await one.close();
    await two.for('alice').answer(head.taskId, { a: accept({ name: 'Ada' }) });
    const record = await ended(two, head);
    expect(resultOf(record)).toEqual(text('one stepped, Ada in two'));
    // The first request under a key is the request.
    expect(entry(record, 'question', 'a')).toMatchObject({ params: { message: 'from one' } });
    expect(log).toEqual(['one run 1', 'one parked', 'two run 2']);
    await two.close();
  });

  it('keeps waiting in memory when its tool cannot be run again', async () => {
    const clock = fakeClock();
    const { tasks, start } = layer({ clock, parkAfterMs: 1_000 });
    tasks.tool('ask', { onCrash: 'fail' }, async (_args, task) => {
      await task.elicit('a', { message: 'A?', schema: name });
      return text(`run ${task.attempt}`);
    });
    const head = await start('ask');
    await untilOpen(tasks, head, 'a');
    await clock.advance(600_000);
    expect(inspect(tasks)).toMatchObject({ runs: 1 });
    await tasks.for('alice').answer(head.taskId, { a: accept({ name: 'Ada' }) });
    expect(resultOf(await ended(tasks, head))).toEqual(text('run 1'));
    await tasks.close();
  });

  it('is not parked while a step is in flight', async () => {
    const clock = fakeClock();
    const { tasks, start } = layer({ clock, parkAfterMs: 1_000 });
    const step = gate();
    let steps = 0;
    tasks.tool('ask', { onCrash: 'rerun' }, async (_args, task) => {
      const long = task.step('long', async () => {
        steps++;
        await step.opened;
        return 'stepped';
      });
      await task.elicit('a', { message: 'A?', schema: name });
      return text(await long);
    });
    const head = await start('ask');
    await untilOpen(tasks, head, 'a');
    await clock.advance(5_000);
    expect((await recordOf(tasks, head)).head.holder).toBeDefined();
    step.open();
    await clock.advance(0);
    expect((await recordOf(tasks, head)).head.dueAtMs).toBeNull();
    await tasks.for('alice').answer(head.taskId, { a: accept({ name: 'Ada' }) });
    expect(resultOf(await ended(tasks, head))).toEqual(text('stepped'));
    expect(steps).toBe(1);
    await tasks.close();
  });

  it('is run again at once when the answer comes while it parks', async () => {
    const clock = fakeClock();
    const { store, interference } = counted(memoryStore());
    const { tasks, start } = layer({ clock, store, parkAfterMs: 1_000 });
    const attempts: number[] = [];
    tasks.tool('ask', { onCrash: 'rerun' }, async (_args, task) => {
      attempts.push(task.attempt);
      const answer = await task.elicit('a', { message: 'A?', schema: name });
      return text(answer.action);
    });
    const head = await start('ask');
    await untilOpen(tasks, head, 'a');
    interference.before = async (method, input) => {
      const { patch } = input as { patch?: { head: { holder?: unknown } } };
      if (method !== 'update' || patch?.head.holder !== null) return;
      delete interference.before;
      await tasks.for('alice').answer(head.taskId, { a: { action: 'decline' } });
    };
    await clock.advance(1_000);
    expect(resultOf(await ended(tasks, head))).toEqual(text('decline'));
    expect(attempts).toEqual([1, 2]);
    await tasks.close();
  });

  it('may park by itself, and is woken by what makes the task due', async () => {
    const clock = fakeClock();
    const { tasks, start } = layer({ clock, parkAfterMs: 1_000 });
    const attempts: number[] = [];
    tasks.tool('park', { onCrash: 'rerun' }, async (_args, task) => {
      attempts.push(task.attempt);
      if (task.attempt === 1) return task.park('waits for a hand-off');
      if (task.attempt === 2) {
        const answer = await task.elicit('a', { message: 'A?', schema: name });
        if (answer.action !== 'decline') throw new Error('cannot be');
        // The answer came in this run: whether it is all that came, the run cannot know.
        return task.park('waits again');
      }
      return text(`run ${task.attempt}`);
    });
    const head = await start('park');
    const parked = await until(tasks, head, ({ dueAtMs }) => dueAtMs === null);
    expect(parked).toMatchObject({ status: 'working', statusMessage: 'waits for a hand-off', attempt: 1 });
    await expect(tasks.for('alice').answer(head.taskId, {})).resolves.toMatchObject({ dueAtMs: null });
    await tasks.close();
  });
});
