import type { Redis } from 'ioredis';
import { expect } from 'vitest';
import { keysOf, withRedis } from './redis.ts';

type Found = Readonly<Record<string, unknown>>;

/**
 * Check that every index and sum of a store is what its heads say, and that it has no other key.
 *
 * @param ignored - beginnings of keys that may be there.
 */
export async function checkIndexes(name: string, ignored: readonly string[] = ['schema', 'c:']): Promise<void> {
  const base = `{${name}}:`;
  const keys = (await keysOf(name)).map((key) => key.slice(base.length));
  await withRedis(async (redis) => {
    const found: Record<string, unknown> = {};
    for (const key of keys) {
      if (/^[tek]:/.test(key) || ignored.some((start) => key.startsWith(start))) continue;
      found[key] = await contentOf(redis, base + key);
    }
    const expected = await expectedOf(redis, base, keys);
    expect(withoutFormer(found, expected)).toEqual(expected);
  });
}

/** A group stays noted until the last task that was due there is removed. */
function withoutFormer(found: Found, expected: Found): Found {
  const noted = Object.entries((found['expiry'] ?? {}) as Found);
  const kept = noted.filter(([member]) => !member.startsWith('=') || member in ((expected['expiry'] ?? {}) as Found));
  return kept.length === noted.length ? found : { ...found, expiry: Object.fromEntries(kept) };
}

async function contentOf(redis: Redis, key: string): Promise<Found> {
  if ((await redis.type(key)) === 'hash') {
    const sums = await redis.hgetall(key);
    return Object.fromEntries(Object.entries(sums).filter(([field]) => field !== 'until' && !field.startsWith('w:')));
  }
  const rows = await redis.zrange(key, 0, '-1', 'WITHSCORES');
  return Object.fromEntries(rows.flatMap((member, at) => (at % 2 === 0 ? [[member, scoreOf(rows[at + 1])]] : [])));
}

const scoreOf = (text = ''): number => (text === 'inf' ? Infinity : Number(text));

async function expectedOf(redis: Redis, base: string, keys: readonly string[]): Promise<Found> {
  const expected: Record<string, Record<string, unknown>> = {};
  const put = (key: string, member: string, value: unknown) => {
    (expected[key] ??= {})[member] = value;
  };
  const sums = new Map<string, { tasks: number; bytes: number }>();
  for (const key of keys.filter((each) => each.startsWith('t:'))) {
    const head = await redis.hgetall(base + key);
    const {
      taskId = '',
      _owner: owner = '',
      queue = '',
      handler = '',
      status = '',
      joinKey = '',
      joinState = '',
    } = head;
    const [expires, due] = [Number(head['expiresAtMs']), Number(head['dueAtMs'])];
    const isActive = status === 'working' || status === 'input_required';
    const place = String(head['createdAtMs']).padStart(16, '0') + taskId;
    put('expiry', `${owner}:${taskId}`, expires);
    put(`b:${owner}`, taskId, isActive ? expires : -expires);
    put(`o:${owner}`, place, 0);
    if (joinKey && joinState) put(`o:${owner}`, `j${Buffer.byteLength(joinKey)}:${joinKey}:${place}`, 0);
    const group = `${Buffer.byteLength(queue)}:${queue}${handler}`;
    const at = head['_at'] ?? '';
    if (at === 'u') put(`u:${group}`, taskId, due);
    if (at === 'q' || at === 'l') {
      put(`m:${group}`, taskId, due);
      put(`${at}:${owner}:${group}`, taskId, due);
      put(`${at.toUpperCase()}:${group}`, sorted(owner), 0);
      expect(at === 'l').toBe((head['holder'] ?? '') !== '');
    }
    if (at !== '') put('expiry', `=${group}`, Infinity);
    const isLive = expires > Date.now();
    if (!isActive || !head['dueAtMs']) expect(at).toBe('');
    else if (isLive) expect(at).not.toBe('');
    const bytes = await bytesOf(redis, base, keys, taskId);
    expect(head['entryBytes']).toBe(String(bytes));
    put(`n:${owner}`, `b:${taskId}`, String(bytes));
    const sum = sums.get(owner) ?? { tasks: 0, bytes: 0 };
    sums.set(owner, { tasks: sum.tasks + 1, bytes: sum.bytes + bytes });
  }
  for (const [owner, { tasks, bytes }] of sums) {
    put(`n:${owner}`, 'tasks', String(tasks));
    put(`n:${owner}`, 'bytes', String(bytes));
  }
  return expected;
}

async function bytesOf(redis: Redis, base: string, keys: readonly string[], taskId: string): Promise<number> {
  let bytes = 0;
  for (const key of keys.filter((each) => each.startsWith('e:') && each.endsWith(`:${taskId}`))) {
    const entries = await redis.hgetall(base + key);
    for (const [name, value] of Object.entries(entries)) bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  }
  return bytes;
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** An owner's key in the alphabet in which owners are in the order of their bytes. */
function sorted(owner: string): string {
  const inOrder = Array.from(LETTERS).sort();
  return Array.from(owner, (letter) => inOrder[LETTERS.indexOf(letter)]).join('');
}
