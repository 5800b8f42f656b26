import { memoryStore, NO_OWNER } from '@mcp-tasks/store';
import type { JsonObject, JsonValue } from '@mcp-tasks/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { amendTask } from '../../src/calls/amend-task.ts';
import type { TaskEvent } from '../../src/index.ts';
import { fakeClock } from '../../src/testing.ts';
import { callDigest } from '../../src/tool/json.ts';
import { counted } from '../support/counted-store.ts';
import { aborted, ended, entry, gate, layer, reasonOf, recordOf, resultOf, text } from '../support/layer.ts';

const MINUTE_MS = 60_000;

describe('a started task', () => {
  it('[STOR-04] keeps what was called, for every process', async () => {
    const { tasks, start } = layer();
    tasks.tool('job', { inputSchema: z.object({ n: z.coerce.number() }), pollIntervalMs: 250 }, ({ n }, task) =>
      text(`${typeof n} ${JSON.stringify(task.caller)}`),
    );
    const call = {
      caller: { role: 'admin' },
      progressToken: 7,
      trace: { traceparent: '00-a-b-01' },
      inputCapabilities: { sampling: false },
    };
    const head = await start('job', { n: '1' }, call);
    expect(head).toMatchObject({ handler: 'job', owner: 'alice', pollIntervalMs: 250, attempt: 1, version: 1 });
    expect(head.dueAtMs).toBeGreaterThan(head.createdAtMs);
    const record = await ended(tasks, head);
    expect(entry(record, 'call')).toEqual({ arguments: { n: '1' }, ...call });
    expect(resultOf(record)).toEqual(text('number {"role":"admin"}'));
    await tasks.close();
  });

  it('[STOR-07] [SEC-05] [SEC-06] lives as long as was asked, else as the tool says, else the default; never beyond the limit', async () => {
    const { tasks, start } = layer({
      limits: { defaultTtlMs: 5 * MINUTE_MS, maxTtlMs: 10 * MINUTE_MS, keepResultMs: 0 },
    });
    tasks.tool('plain', {}, () => text('done'));
    tasks.tool('short', { ttlMs: MINUTE_MS }, () => text('done'));
    tasks.tool('long', { ttlMs: 60 * MINUTE_MS }, () => text('done'));
    const ttlOf = async (tool: string, requestedTtlMs?: number) => {
      const { ttlMs, createdAtMs, expiresAtMs, ttlRequested } = await start(tool, {}, { requestedTtlMs });
      expect(expiresAtMs - createdAtMs).toBe(ttlMs);
      return [ttlMs / MINUTE_MS, ttlRequested];
    };
    expect(await ttlOf('plain')).toEqual([5, undefined]);
    expect(await ttlOf('short')).toEqual([1, undefined]);
    expect(await ttlOf('long')).toEqual([10, undefined]);
    expect(await ttlOf('short', 2 * MINUTE_MS)).toEqual([2, true]);
    expect(await ttlOf('short', Number.MAX_SAFE_INTEGER)).toEqual([10, true]);
    await tasks.close();
  });

  it('[INTG-09] with a ttl of 30 days neither overflows nor expires early', async () => {
    const turned = fakeClock();
    const dayMs = 24 * 60 * MINUTE_MS;
    // Ticks and retries are left out: a month has too many of them.
    const clock = {
      nowMs: () => turned.nowMs(),
      after: (delayMs: number, callback: () => void) =>
        delayMs < dayMs ? () => undefined : turned.after(delayMs, callback),
    };
    const { tasks, start } = layer({
      clock,
      leaseMs: 300 * dayMs,
      sweepIntervalMs: 100 * dayMs,
      limits: { maxTtlMs: 60 * dayMs },
    });
    const began = gate();
    const reasons: unknown[] = [];
    tasks.tool('wait', {}, async (_args, task) => {
      began.open();
      await aborted(task.signal);
      reasons.push(reasonOf(task.signal));
      return text('done');
    });
    const head = await start('wait', {}, { requestedTtlMs: 30 * dayMs });
    await began.opened;
    await turned.advance(30 * dayMs - 1);
    expect((await recordOf(tasks, head)).head.status).toBe('working');
    expect(reasons).toEqual([]);
    await turned.advance(1);
    expect(reasons).toEqual(['expired']);
    await expect(recordOf(tasks, head)).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
    await tasks.close({ drainMs: 0 });
  });

  it('keeps a result at least keepResultMs, unless the client asked for the ttl itself', async () => {
    const clock = fakeClock();
    const { tasks, start } = layer({ clock, limits: { defaultTtlMs: MINUTE_MS, keepResultMs: 15 * MINUTE_MS } });
    tasks.tool('plain', {}, () => text('done'));
    tasks.tool('kept', { keepResultMs: 60 * MINUTE_MS }, () => text('done'));
    const ttlOf = async (tool: string, requestedTtlMs?: number) => {
      const { head } = await ended(tasks, await start(tool, {}, { requestedTtlMs }));
      return head.ttlMs / MINUTE_MS;
    };
    expect(await ttlOf('plain')).toBe(15);
    expect(await ttlOf('kept')).toBe(60);
    expect(await ttlOf('kept', 2 * MINUTE_MS)).toBe(2);
    await tasks.close();
  });

  it('[SEC-04] is refused over quota, with nothing stored', async () => {
    const { tasks, start } = layer({ limits: { maxActiveTasks: 2, maxStoredTasks: 3 } });
    const hold = gate();
    tasks.tool('hold', {}, async () => {
      await hold.opened;
      return text('done');
    });
    const heads = [await start('hold'), await start('hold')];
    await expect(start('hold')).rejects.toMatchObject({
      code: 'TASK_QUOTA_EXCEEDED',
      details: { limit: 'maxActiveTasks', maxActiveTasks: 2 },
    });
    await start('hold', {}, { owner: 'bob' });
    hold.open();
    for (const head of heads) await ended(tasks, head);
    await ended(tasks, await start('hold'));
    await expect(start('hold')).rejects.toMatchObject({ details: { limit: 'maxStoredTasks', maxStoredTasks: 3 } });
    expect((await tasks.for('alice').list()).heads).toHaveLength(3);
    await tasks.close();
  });

  it.each<[string, JsonObject, object, string]>([
    ['an unknown tool', {}, { tool: 'none' }, 'TOOL_NOT_FOUND'],
    ['arguments that do not fit', { n: 'x' }, {}, 'INVALID_ARGUMENTS'],
    ['arguments that are too large', { n: 1, extra: 'x'.repeat(1_000) }, {}, 'ARGUMENTS_TOO_LARGE'],
    ['a caller value that is too large', { n: 1 }, { caller: 'x'.repeat(200) }, 'CALLER_INVALID'],
    ['a caller value that is no JSON', { n: 1 }, { caller: 1n }, 'CALLER_INVALID'],
    ['a ttl of 0', { n: 1 }, { requestedTtlMs: 0 }, 'INVALID_TTL'],
    ['a negative ttl', { n: 1 }, { requestedTtlMs: -1 }, 'INVALID_TTL'],
    ['a fractional ttl', { n: 1 }, { requestedTtlMs: 1.5 }, 'INVALID_TTL'],
    ['a ttl of NaN', { n: 1 }, { requestedTtlMs: NaN }, 'INVALID_TTL'],
    ['a ttl of 1e300', { n: 1 }, { requestedTtlMs: 1e300 }, 'INVALID_TTL'],
    ['an empty owner', { n: 1 }, { owner: '' }, 'OWNER_INVALID'],
    ['an owner that is too long', { n: 1 }, { owner: 'x'.repeat(513) }, 'OWNER_INVALID'],
    ['an empty idempotency key', { n: 1 }, { idempotencyKey: '' }, 'IDEMPOTENCY_KEY_INVALID'],
    ['an idempotency key that is too long', { n: 1 }, { idempotencyKey: 'x'.repeat(257) }, 'IDEMPOTENCY_KEY_INVALID'],
    ['an idempotency key that is no string', { n: 1 }, { idempotencyKey: 7 }, 'IDEMPOTENCY_KEY_INVALID'],
  ])('is not made for %s', async (_what, args, call, code) => {
    const { store, calls } = counted(memoryStore());
    const { tasks, start } = layer({ store, limits: { maxArgumentsBytes: 1_000, maxCallerBytes: 200 } });
    tasks.tool('job', { inputSchema: z.object({ n: z.number() }) }, () => text('done'));
    await expect(start('job', args, call)).rejects.toMatchObject({ code });
    expect(calls.create).toBe(0);
    await tasks.close();
  });

  it('is made for arguments a thousand levels deep, and for those that nobody can walk it is not', async () => {
    const deep = (levels: number): JsonValue => {
      let value: JsonValue = 1;
      for (let level = 0; level < levels; level++) value = [value];
      return value;
    };
    const { tasks, start } = layer();
    tasks.tool('job', { inputSchema: z.object({ deep: z.any() }) }, () => text('done'));
    expect(resultOf(await ended(tasks, await start('job', { deep: deep(1_000) })))).toEqual(text('done'));
    await expect(start('job', { deep: deep(200_000) })).rejects.toMatchObject({ code: 'INVALID_ARGUMENTS' });
    await tasks.close();
  });

  it('says by the name that its client knows which ttl it cannot have', async () => {
    const { tasks, start } = layer();
    tasks.tool('job', {}, () => text('done'));
    await expect(start('job', {}, { requestedTtlMs: 0 })).rejects.toThrow('Invalid task.ttl');
    await tasks.close();
  });

  it('says in the words of the MCP SDK why arguments do not fit', async () => {
    const { tasks, start } = layer();
    tasks.tool('job', { inputSchema: z.object({ n: z.number() }) }, () => text('done'));
    await expect(start('job', { n: 'x' })).rejects.toThrow(
      'Input validation error: Invalid arguments for tool job: n: Invalid input: expected number, received string',
    );
    await tasks.close();
  });
});

describe('the owner of callers without tasks', () => {
  it('owns nothing: no task is started for it or looked at', async () => {
    const events: TaskEvent[] = [];
    const { tasks, start } = layer({ onEvent: (event) => events.push(event) });
    tasks.tool('job', {}, (_args, task) => text(task.owner));
    const refused = { code: 'TASK_OWNER_REQUIRED' };
    await expect(start('job', {}, { owner: NO_OWNER })).rejects.toMatchObject(refused);
    expect(() => tasks.for(NO_OWNER)).toThrow(expect.objectContaining(refused));
    const amend = amendTask(tasks, { owner: NO_OWNER, taskId: 'x', kinds: [] }, () => {
      throw new Error('there is nothing to decide about');
    });
    await expect(amend).rejects.toMatchObject(refused);
    expect(events).toEqual([]);
    const call = { tool: 'job', owner: NO_OWNER, arguments: {} };
    expect(await tasks.runInline(call, { signal: new AbortController().signal })).toEqual(text(NO_OWNER));
    await tasks.close();
  });
});

describe('an idempotency key', () => {
  it('gives the task that exists, without a second run, for equal arguments in any order', async () => {
    const { tasks, start } = layer();
    let runs = 0;
    tasks.tool('pay', { inputSchema: z.object({ a: z.number(), b: z.number() }) }, () => text(`run ${++runs}`));
    const first = await start('pay', { a: 1, b: 2 }, { idempotencyKey: 'k' });
    const second = await start('pay', { b: 2, a: 1 }, { idempotencyKey: 'k' });
    expect(second.taskId).toBe(first.taskId);
    expect(resultOf(await ended(tasks, first))).toEqual(text('run 1'));
    expect((await start('pay', { a: 1, b: 2 }, { idempotencyKey: 'k' })).status).toBe('completed');
    const other = await start('pay', { a: 1, b: 2 }, { idempotencyKey: 'k', owner: 'bob' });
    expect(other.taskId).not.toBe(first.taskId);
    await ended(tasks, other);
    expect(runs).toBe(2);
    await tasks.close();
  });

  it('is refused for another tool or other arguments', async () => {
    const { tasks, start } = layer();
    const inputSchema = z.object({ a: z.number() });
    tasks.tool('pay', { inputSchema }, () => text('paid'));
    tasks.tool('refund', { inputSchema }, () => text('refunded'));
    const { taskId } = await start('pay', { a: 1 }, { idempotencyKey: 'k' });
    const reused = { code: 'IDEMPOTENCY_KEY_REUSED', details: { taskId } };
    await expect(start('pay', { a: 2 }, { idempotencyKey: 'k' })).rejects.toMatchObject(reused);
    await expect(start('refund', { a: 1 }, { idempotencyKey: 'k' })).rejects.toMatchObject(reused);
    await tasks.close();
  });

  it('comes from the author per tool when the client gives none; tools do not share them', async () => {
    const { tasks, start } = layer();
    const options = {
      inputSchema: z.object({ order: z.string().toUpperCase() }),
      idempotencyKey: ({ order }: { order: string }) => (order === 'NONE' ? undefined : order),
    };
    tasks.tool('pay', options, () => text('paid'));
    tasks.tool('ship', options, () => text('shipped'));
    const id = async (tool: string, order: string, idempotencyKey?: string) =>
      (await start(tool, { order }, { idempotencyKey })).taskId;
    const paid = await id('pay', 'a1');
    expect(await id('pay', 'a1')).toBe(paid);
    expect(await id('ship', 'a1')).not.toBe(paid);
    expect(await id('pay', 'a1', 'client')).not.toBe(paid);
    expect(await id('pay', 'a1', 'A1')).not.toBe(paid);
    expect(await id('pay', 'none')).not.toBe(await id('pay', 'none'));
    await tasks.close();
  });

  it('leads only to tasks of its scope, where strangers share an owner', async () => {
    const { tasks, start } = layer();
    const inputSchema = z.object({ order: z.string() });
    tasks.tool('pay', { inputSchema, idempotencyKey: ({ order }) => order }, () => text('paid'));
    const id = async (keyScope: string | null | undefined, idempotencyKey?: string) =>
      (await start('pay', { order: '1' }, { keyScope, idempotencyKey })).taskId;
    for (const key of [undefined, 'k']) {
      const ids = [await id(undefined, key), await id('one', key), await id('other', key)];
      expect(new Set(ids).size).toBe(3);
      expect([await id(undefined, key), await id('one', key), await id('other', key)]).toEqual(ids);
    }
    expect(await id(null)).not.toBe(await id(null));
    await tasks.close();
  });

  it('is refused where strangers share an owner and nothing tells them apart', async () => {
    const events: TaskEvent[] = [];
    const { tasks, start } = layer({ onEvent: (event) => events.push(event) });
    tasks.tool('pay', {}, () => text('paid'));
    await expect(start('pay', {}, { keyScope: null, idempotencyKey: 'k' })).rejects.toMatchObject({
      code: 'TASK_OWNER_REQUIRED',
      message: expect.stringMatching(/idempotency key.*authenticate/s) as string,
    });
    expect(events).toEqual([]);
    await tasks.close();
  });

  it('tells calls apart by their JSON, whatever the order of properties', () => {
    const shuffled = (value: JsonValue): JsonValue => {
      if (Array.isArray(value)) return value.map((item: JsonValue) => shuffled(item));
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(
        Object.entries(value as JsonObject)
          .reverse()
          .map(([key, item]) => [key, shuffled(item ?? null)]),
      );
    };
    const args = fc.dictionary(fc.string(), fc.jsonValue()) as fc.Arbitrary<JsonObject>;
    fc.assert(
      fc.property(args, args, fc.string(), (one, other, tool) => {
        expect(callDigest(tool, shuffled(one) as JsonObject)).toBe(callDigest(tool, one));
        const isEqual = JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
        expect(callDigest(tool, one) === callDigest(tool, other)).toBe(isEqual);
        expect(callDigest(`${tool}x`, one)).not.toBe(callDigest(tool, one));
      }),
    );
    function sorted(value: JsonValue): JsonValue {
      if (Array.isArray(value)) return value.map((item: JsonValue) => ['item', sorted(item)]);
      if (typeof value !== 'object' || value === null) return value;
      const keys = Object.keys(value).sort();
      return ['object', ...keys.map((key) => [key, sorted((value as JsonObject)[key] ?? null)])];
    }
  });
});
