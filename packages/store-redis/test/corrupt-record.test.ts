import { TASK_ENTRY_KINDS, type TaskStore } from '@mcp-tasks/store';
import { checkpoint, claimOf, HELD, leaseOf, newHead, newTask, NOW_MS, stored } from '@mcp-tasks/store-testing';
import type { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { describeWithServer, keysOf, openStore, temporaryName, withRedis } from './support/redis.ts';

type Spoil = (redis: Redis, base: string) => Promise<unknown>;

/** Three tasks, from the newest to the oldest and from the longest due to the shortest; the middle one is spoilt. */
async function spoilt(spoil: Spoil): Promise<{ readonly store: TaskStore; readonly name: string }> {
  const name = temporaryName();
  const store = await openStore({ name });
  for (const [index, taskId] of ['first', 'bad', 'last'].entries()) {
    await stored(
      store,
      { taskId, ...HELD, writeId: 'first', createdAtMs: NOW_MS - index, dueAtMs: NOW_MS - 10 + index },
      [{ kind: 'call', name: '', value: '{}' }],
    );
  }
  await withRedis((redis) => spoil(redis, `{${name}}:`));
  return { store, name };
}

const setField =
  (field: string, value: string): Spoil =>
  (redis, base) =>
    redis.hset(`${base}t:bad`, field, value);
const dropField =
  (field: string): Spoil =>
  (redis, base) =>
    redis.hdel(`${base}t:bad`, field);
const overwrite =
  (key: string): Spoil =>
  (redis, base) =>
    redis.set(base + key, 'x');

const get = (store: TaskStore, taskIds: string[]) =>
  store.get({ taskIds, kinds: TASK_ENTRY_KINDS, nowMs: NOW_MS }).then((found) => found.map(({ head }) => head.taskId));

const bad = {
  code: 'STORE_CORRUPT_RECORD',
  retryable: false,
  details: { taskId: 'bad' },
  message: expect.stringContaining('The record of task bad cannot be decoded') as string,
};

const WAYS: readonly (readonly [string, Spoil])[] = [
  ['a status that does not exist', setField('status', 'unknown')],
  ['an owner that is not base64url', setField('_owner', '=')],
  ['an owner that is not UTF-8', setField('_owner', 'ww')],
  ['progress that is not JSON', setField('progress', '{')],
  ['progress that is something else', setField('progress', '[1]')],
  ['questions that are not a list', setField('openQuestions', '{}')],
  ['a version that is no number', setField('version', 'x')],
  ['an expiry that is no number', setField('expiresAtMs', 'x')],
  ['an expiry that is missing', dropField('expiresAtMs')],
  ['an owner that is missing', dropField('_owner')],
  ['a handler that is missing', dropField('handler')],
  ['a key of another type', overwrite('t:bad')],
];

describeWithServer('a record that cannot be decoded', () => {
  it.each(WAYS)('because of %s is reported with its id, and the others are read', async (_case, spoil) => {
    const { store } = await spoilt(spoil);
    await expect(get(store, ['bad'])).rejects.toMatchObject(bad);
    expect(await get(store, ['last', 'bad', 'first'])).toEqual(['last', 'first']);
    const page = await store.list({ owner: 'owner', limit: 2, nowMs: NOW_MS });
    expect([page.heads.map(({ taskId }) => taskId), page.hasMore]).toEqual([['first', 'last'], false]);
    const due = await store.due({ handlers: ['tool'], queues: [''], limit: 2, nowMs: NOW_MS });
    expect(due.map(({ taskId }) => taskId)).toEqual(['first', 'last']);
    const leases = ['first', 'bad', 'last'].map((taskId) => leaseOf({ taskId }));
    const held = await store.renew({ leases, leaseMs: 0, nowMs: NOW_MS });
    expect(held.map(({ taskId }) => taskId)).toEqual(['first', 'last']);
  });

  it.each(WAYS)('because of %s is reported to who writes it or creates it again', async (_case, spoil) => {
    const { store } = await spoilt(spoil);
    const head = newHead({ taskId: 'bad', writeId: 'first' });
    await expect(store.update(checkpoint(head, 'a'))).rejects.toMatchObject(bad);
    await expect(store.create(newTask(head))).rejects.toMatchObject(bad);
  });

  it.each(WAYS)('because of %s does not stand in the way of a claim', async (_case, spoil) => {
    const { store } = await spoilt(spoil);
    for (const nowMs of [NOW_MS, NOW_MS + 60_000]) {
      const { records } = await store.claim(claimOf({ holder: 'process-2', limit: 3, nowMs }));
      expect(records.map(({ head }) => head.taskId).sort()).toEqual(['first', 'last']);
    }
  });

  it.each(WAYS)('because of %s goes with the others when it has expired', async (_case, spoil) => {
    const { store, name } = await spoilt(spoil);
    const removed = await store.deleteExpired({ nowMs: NOW_MS + 3_600_000, limit: 10 });
    expect(removed.map(({ taskId }) => taskId)).toEqual(['first', 'last']);
    expect(await keysOf(name)).toEqual([`{${name}}:schema`]);
  });

  it('because of an entry is reported with its id, and the others are read', async () => {
    const { store } = await spoilt(overwrite('e:call:bad'));
    await expect(get(store, ['bad'])).rejects.toMatchObject(bad);
    expect(await get(store, ['bad', 'first'])).toEqual(['first']);
    const put = [{ kind: 'call' as const, name: '', value: '{}' }];
    const head = newHead({ taskId: 'bad', writeId: 'first' });
    await expect(store.update({ ...checkpoint(head, ''), patch: { head: {}, put } })).rejects.toMatchObject(bad);
    expect(await store.get({ taskIds: ['bad'], kinds: [], nowMs: NOW_MS })).toHaveLength(1);
  });

  it('does not hide that a page has more', async () => {
    const { store } = await spoilt(setField('progress', '{'));
    expect(await store.list({ owner: 'owner', limit: 1, nowMs: NOW_MS })).toMatchObject({ hasMore: true });
    const after = { createdAtMs: NOW_MS, taskId: 'first' };
    const rest = await store.list({ owner: 'owner', after, limit: 1, nowMs: NOW_MS });
    expect([rest.heads.map(({ taskId }) => taskId), rest.hasMore]).toEqual([['last'], false]);
  });
});
