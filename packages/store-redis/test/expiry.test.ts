import { newWriteId, type TaskStore } from '@mcp-tasks/store';
import { claimOf, newTask, ROOMY } from '@mcp-tasks/store-testing';
import { expect, it } from 'vitest';
import { describeWithServer, keysOf, openStore, temporaryName, withRedis } from './support/redis.ts';

const HOUR_MS = 3_600_000;
/** How long a key outlives its task, in hours. */
const NET = 24;
/** The same of what the tasks of an owner share: a day longer than the last of them, when it was set. */
const SHARED_NET = 48;

/** When each key of a store expires by itself, in hours after a time; -1 for never. */
async function expiriesOf(name: string, fromMs: number): Promise<Readonly<Record<string, number>>> {
  const keys = await keysOf(name);
  const pairs = await withRedis((redis) =>
    Promise.all(
      keys.map(async (key): Promise<[string, number]> => {
        const leftMs = await redis.pttl(key);
        const atMs = leftMs < 0 ? -1 : Date.now() + leftMs;
        // To the tenth of an hour: the time of asking is in it.
        return [key.slice(`{${name}}:`.length), atMs < 0 ? -1 : Math.round((10 * (atMs - fromMs)) / HOUR_MS) / 10];
      }),
    ),
  );
  return Object.fromEntries(pairs.sort());
}

const OWNER = Buffer.from('owner').toString('base64url');

/** A store, and a task in it that expires in an hour. */
async function storeWithTask(nowMs = Date.now()) {
  const name = temporaryName();
  const store = await openStore({ name });
  const create = (taskId: string, hours: number, idempotencyKey?: string) => {
    const times = { createdAtMs: nowMs, lastUpdatedAtMs: nowMs, expiresAtMs: nowMs + hours * HOUR_MS, dueAtMs: nowMs };
    const entries = [{ kind: 'call' as const, name: '', value: '{}' }];
    return store.create({ ...newTask({ taskId, ...times }, { entries, idempotencyKey }), nowMs });
  };
  await create('a', 1, 'key');
  return { store, name, nowMs, create };
}

describeWithServer('native expiry', () => {
  it('[INTG-09] comes a day after a task has expired, for all that belongs to it', async () => {
    const { name, nowMs } = await storeWithTask();
    expect(await expiriesOf(name, nowMs)).toEqual({
      't:a': 1 + NET,
      'e:call:a': 1 + NET,
      [`k:${OWNER}:key`]: 1 + NET,
      [`o:${OWNER}`]: 1 + SHARED_NET,
      [`b:${OWNER}`]: 1 + SHARED_NET,
      [`n:${OWNER}`]: 1 + SHARED_NET,
      'u:0:tool': -1,
      expiry: -1,
      schema: -1,
    });
  });

  it('[INTG-09] follows what a write says, in both directions, and the last task of an owner', async () => {
    const { store, name, nowMs, create } = await storeWithTask();
    const expireIn = async (hours: number) => {
      const put = [{ kind: 'result' as const, name: '', value: '{}' }];
      const patch = { head: { expiresAtMs: nowMs + hours * HOUR_MS }, put };
      const [record] = await store.get({ taskIds: ['a'], kinds: [], nowMs });
      if (!record) throw new TypeError('the task is there');
      await store.update({ taskId: 'a', expected: record.head, writeId: newWriteId(), patch, nowMs });
    };
    await expireIn(5);
    const later = await expiriesOf(name, nowMs);
    const after5 = 5 + NET;
    expect(later).toMatchObject({
      't:a': after5,
      'e:call:a': after5,
      'e:result:a': after5,
      [`k:${OWNER}:key`]: after5,
      [`n:${OWNER}`]: 1 + SHARED_NET,
    });
    await expireIn(30);
    const after30 = 30 + SHARED_NET;
    expect(await expiriesOf(name, nowMs)).toMatchObject({ [`b:${OWNER}`]: after30, [`n:${OWNER}`]: after30 });
    await expireIn(2);
    await create('b', 1);
    // What the tasks share stays for longer than it must, never shorter.
    expect(await expiriesOf(name, nowMs)).toMatchObject({
      't:a': 2 + NET,
      't:b': 1 + NET,
      'e:result:a': 2 + NET,
      [`k:${OWNER}:key`]: 2 + NET,
      [`n:${OWNER}`]: after30,
    });
  });

  it('[INTG-09] that a write does not move is not set again', async () => {
    const { store, name } = await storeWithTask();
    await withRedis((redis) => redis.persist(`{${name}}:t:a`));
    const [record] = await store.get({ taskIds: ['a'], kinds: [], nowMs: Date.now() });
    if (!record) throw new TypeError('the task is there');
    const patch = { head: { statusMessage: 'x' } };
    await store.update({ taskId: 'a', expected: record.head, writeId: newWriteId(), patch, nowMs: Date.now() });
    expect(await withRedis((redis) => redis.pttl(`{${name}}:t:a`))).toBe(-1);
  });

  it('[INTG-09][SEC-04] that was quicker than the sweep leaves no trace in lists, quotas and queues', async () => {
    const { store, name, nowMs, create } = await storeWithTask(Date.now() - 12 * HOUR_MS);
    await create('b', 1);
    // What native expiry does, a day after the task expired.
    await withRedis(async (redis) => {
      const key = (end: string) => `{${name}}:${end}`;
      await redis.del(key('t:a'), key('e:call:a'), key(`k:${OWNER}:key`));
    });
    const ids = async (read: Promise<readonly { readonly taskId: string }[]>) =>
      (await read).map(({ taskId }) => taskId);
    const list = async (limit: number) => store.list({ owner: 'owner', limit, nowMs });
    expect(await ids(list(5).then(({ heads }) => heads))).toEqual(['b']);
    expect(await ids(store.due({ handlers: ['tool'], queues: [''], limit: 1, nowMs }))).toEqual(['b']);
    const places = await withRedis((redis) => redis.zcard(`{${name}}:o:${OWNER}`));
    expect(places).toBe(1);
    const laterMs = nowMs + 3 * HOUR_MS;
    const again = newTask(
      { taskId: 'c', createdAtMs: laterMs, expiresAtMs: laterMs + HOUR_MS },
      { idempotencyKey: 'key' },
    );
    const limits = { ...ROOMY, maxActiveTasks: 1, maxStoredTasks: 1 };
    expect(await store.create({ ...again, limits, nowMs: laterMs })).toMatchObject({ status: 'created' });
    const members = await withRedis((redis) => redis.zrange(`{${name}}:b:${OWNER}`, 0, '-1'));
    expect(members).toEqual(['c']);
    expect(await store.deleteExpired({ nowMs: laterMs, limit: 10 })).toEqual([]);
    await remainsOnly(store, name, laterMs);
  });
});

describeWithServer('a sweep or a claim that comes after native expiry', () => {
  it('[INTG-09][SEC-04] still corrects what the owner has stored, and leaves no trace of the task', async () => {
    const { store, name, nowMs, create } = await storeWithTask(Date.now() - 12 * HOUR_MS);
    await create('b', 2);
    // The first claim moves both among the due tasks of their owner.
    await store.claim(claimOf({ limit: 1, perOwner: 1, owners: [{ owner: 'owner', limit: 0 }], nowMs }));
    await withRedis((redis) => redis.del(`{${name}}:t:a`, `{${name}}:e:call:a`, `{${name}}:k:${OWNER}:key`));
    expect(await store.deleteExpired({ nowMs: nowMs + HOUR_MS, limit: 10 })).toEqual([]);
    const sums = await withRedis((redis) => redis.hmget(`{${name}}:n:${OWNER}`, 'tasks', 'bytes', 'b:a', 'w:a'));
    expect(sums).toEqual(['1', '2', null, null]);
    const { records } = await store.claim(claimOf({ nowMs }));
    expect(records.map(({ head }) => head.taskId)).toEqual(['b']);
    await remainsOnly(store, name, nowMs, ['c:']);
  });
});

/** After everything has expired and was swept, no key of a task is left. */
async function remainsOnly(
  store: TaskStore,
  name: string,
  nowMs: number,
  allowed: readonly string[] = [],
): Promise<void> {
  await store.deleteExpired({ nowMs: nowMs + 2 * HOUR_MS, limit: 10 });
  const keys = (await keysOf(name)).map((key) => key.slice(`{${name}}:`.length));
  expect(keys.filter((key) => !allowed.some((start) => key.startsWith(start)))).toEqual(['schema']);
}
