import type { TaskHint } from '@mcp-tasks/store';
import { checkpoint, claimOf, HELD, leaseOf, newTask, NOW_MS, stored } from '@mcp-tasks/store-testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SqliteTaskStore } from '../src/index.ts';
import { openDatabase, openStore, recording, temporaryFile } from './support/database.ts';

/** The hints of a store as they come, and a way to wait for one. */
async function watched(store: SqliteTaskStore) {
  const hints: TaskHint[] = [];
  let wake: () => void = () => undefined;
  const stop = await store.watch((hint) => {
    hints.push(hint);
    wake();
  });
  onTestFinished(stop);
  const until = async (isThere: (hint: TaskHint) => boolean) => {
    while (!hints.some(isThere)) await new Promise<void>((resolve) => (wake = resolve));
  };
  return { hints, stop, until };
}

const lookups = (log: readonly string[]) => log.filter((sql) => sql === 'PRAGMA data_version').length;

describe('watch', () => {
  it('tells of what this store wrote, without looking at the database', async () => {
    const store = await openStore({ path: temporaryFile(), watchIntervalMs: 60_000 });
    const { hints } = await watched(store);
    const head = await stored(store);
    await store.update({ ...checkpoint(head, 'a'), patch: { head: { status: 'cancelled', dueAtMs: null } } });
    await store.update(checkpoint(head, 'conflict'));
    await Promise.resolve();
    const { taskId } = head;
    expect(hints).toEqual([
      { taskId, version: 1, status: 'working', due: { handler: 'tool', queue: '', atMs: NOW_MS } },
      { taskId, version: 2, status: 'cancelled' },
    ]);
  });

  it('[DURA-05] tells of what another connection wrote', async () => {
    const path = temporaryFile();
    const { hints, until } = await watched(await openStore({ path, watchIntervalMs: 1 }));
    const other = await openStore({ path });
    const head = await stored(other);
    await other.update({ ...checkpoint(head, 'a'), patch: { head: { status: 'completed', dueAtMs: null } } });
    await until(({ taskId, version }) => taskId === head.taskId && version === 2);
    expect(hints.at(-1)).toEqual({ taskId: head.taskId, version: 2, status: 'completed' });
  });

  it('tells of many changes of one moment, each of them', async () => {
    const path = temporaryFile();
    const store = await openStore({ path, watchIntervalMs: 1 });
    await Promise.all(Array.from({ length: 1_200 }, () => store.create(newTask())));
    const { hints, until } = await watched(store);
    openDatabase(path).exec(`
      BEGIN;
      UPDATE mcp_tasks SET version = 2, change_seq = change_seq + 1200;
      UPDATE mcp_task_schema SET change_seq = change_seq + 1200;
      COMMIT;
    `);
    await until(() => hints.length === 1_200);
    expect(new Set(hints.map(({ taskId }) => taskId)).size).toBe(1_200);
  });

  it('tells of every task of a claim', async () => {
    const path = temporaryFile();
    const { hints, until } = await watched(await openStore({ path, watchIntervalMs: 1 }));
    const other = await openStore({ path });
    await Promise.all(Array.from({ length: 700 }, () => stored(other)));
    await other.claim(claimOf({ limit: 700, perOwner: 700 }));
    await until(() => hints.filter(({ version }) => version === 2).length === 700);
    const claimed = hints.filter(({ version }) => version === 2);
    expect(new Set(claimed.map(({ taskId }) => taskId)).size).toBe(700);
    expect(claimed.filter(({ due }) => due !== undefined)).toEqual([]);
  });

  it('goes on telling after every task was deleted', async () => {
    const path = temporaryFile();
    const { until } = await watched(await openStore({ path, watchIntervalMs: 1 }));
    const other = await openStore({ path });
    await stored(other, { expiresAtMs: NOW_MS + 1 });
    await stored(other, { taskId: 'before', expiresAtMs: NOW_MS + 1 });
    await until(({ taskId }) => taskId === 'before');
    await other.deleteExpired({ nowMs: NOW_MS + 1, limit: 10 });
    await stored(other, { taskId: 'after' });
    await until(({ taskId }) => taskId === 'after');
  });

  it('tells nothing of renewed leases', async () => {
    const path = temporaryFile();
    const { hints, until } = await watched(await openStore({ path, watchIntervalMs: 1 }));
    const other = await openStore({ path });
    const { taskId } = await stored(other, HELD);
    await until((hint) => hint.taskId === taskId);
    const before = hints.length;
    await other.renew({ leases: [leaseOf({ taskId })], leaseMs: 9, nowMs: NOW_MS });
    await stored(other, { taskId: 'marker' });
    await until((hint) => hint.taskId === 'marker');
    expect(hints.slice(before).map((hint) => hint.taskId)).toEqual(['marker']);
  });

  it('looks at the database only while somebody watches', async () => {
    const { database, log } = recording(openDatabase(temporaryFile()));
    const store = await openStore({ database, watchIntervalMs: 1 });
    expect(lookups(log)).toBe(0);
    const one = await watched(store);
    const other = await watched(store);
    await one.stop();
    await one.stop();
    const sofar = lookups(log);
    while (lookups(log) === sofar) await new Promise((resolve) => setTimeout(resolve, 1));
    await other.stop();
    const atEnd = lookups(log);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(lookups(log)).toBe(atEnd);
  });

  it('lives through a look that fails', async () => {
    const path = temporaryFile();
    const { database, log } = recording(openDatabase(path));
    const store = await openStore({ database, watchIntervalMs: 1 });
    const { until } = await watched(store);
    await stored(await openStore({ path }));
    database.exec('ALTER TABLE mcp_tasks RENAME TO hidden');
    const before = lookups(log);
    while (lookups(log) < before + 2) await new Promise((resolve) => setTimeout(resolve, 1));
    database.exec('ALTER TABLE hidden RENAME TO mcp_tasks');
    const { taskId } = await stored(await openStore({ path }));
    await until((hint) => hint.taskId === taskId);
  });

  it('ends with the store', async () => {
    const { database, log } = recording(openDatabase(temporaryFile()));
    const store = await openStore({ database, watchIntervalMs: 1 });
    const { stop } = await watched(store);
    await store.close();
    const atEnd = lookups(log);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(lookups(log)).toBe(atEnd);
    await stop();
  });
});
