import type { TaskEntry, TaskHead } from '@mcp-tasks/store';
import type { Redis } from 'ioredis';

/** A head as layout 1 had it. */
export type OldHead = Omit<TaskHead, 'writeId' | 'queue' | 'entryBytes' | 'resultError'> & {
  readonly toolError?: string;
};

const DAY_MS = 86_400_000;
const PLAIN = new Set(['taskId', 'status', 'handler', 'callDigest', 'holder']);

/** Store a task with the keys that the code of layout 1 gave it. */
export async function storeInLayout1(
  redis: Redis,
  base: string,
  head: OldHead,
  entries: readonly TaskEntry[] = [],
  idempotencyKey?: string,
): Promise<void> {
  const { taskId, owner, expiresAtMs, status, dueAtMs, handler } = head;
  const key = Buffer.from(owner).toString('base64url');
  const place = String(head.createdAtMs).padStart(16, '0') + taskId;
  const fields = Object.entries(head).flatMap(([name, value]) =>
    name === 'owner' || value === undefined || value === null
      ? []
      : [name, typeof value === 'string' && PLAIN.has(name) ? value : JSON.stringify(value)],
  );
  const isActive = status === 'working' || status === 'input_required';
  const more = idempotencyKey === undefined ? [] : ['_key', idempotencyKey];
  const netMs = expiresAtMs + DAY_MS;
  await redis.hset(`${base}schema`, 'version', '1', 'compatibleFrom', '1');
  await redis.hset(`${base}t:${taskId}`, '_owner', key, '_place', place, ...fields, ...more);
  await redis.pexpireat(`${base}t:${taskId}`, netMs);
  for (const { kind, name, value } of entries) {
    await redis.hset(`${base}e:${kind}:${taskId}`, name, value);
    await redis.pexpireat(`${base}e:${kind}:${taskId}`, netMs);
  }
  if (idempotencyKey !== undefined) await redis.set(`${base}k:${key}:${idempotencyKey}`, taskId, 'PXAT', netMs);
  await redis.zadd(`${base}o:${key}`, 0, place);
  await redis.zadd(`${base}s:${key}`, expiresAtMs, taskId);
  await redis.zadd(`${base}x`, expiresAtMs, taskId);
  if (isActive) await redis.zadd(`${base}a:${key}`, expiresAtMs, taskId);
  if (isActive && dueAtMs !== null) await redis.zadd(`${base}d:${handler}`, dueAtMs, taskId);
  for (const index of ['o', 'a', 's']) await redis.pexpireat(`${base}${index}:${key}`, netMs);
}
