import { checkpoint, newTask, NOW_MS, stored } from '@mcp-tasks/store-testing';
import { describe, expect, it } from 'vitest';
import * as statements from '../src/statements.ts';
import { openDatabase, openStore, recording, temporaryFile } from './support/database.ts';

/** A store whose statements are counted from its opening on. */
async function countedStore() {
  const path = temporaryFile();
  const { database, log } = recording(openDatabase(path));
  const store = await openStore({ database });
  log.length = 0;
  return { store, log, path };
}

const isTransaction = (sql: string) => /^(BEGIN|COMMIT|ROLLBACK)/.test(sql);

describe('round trips', () => {
  it('[STOR-01] reads records, a page, and due tasks with one statement each', async () => {
    const { store, log } = await countedStore();
    const heads = [await stored(store), await stored(store)];
    log.length = 0;
    await store.get({ taskIds: heads.map(({ taskId }) => taskId), kinds: ['call', 'result'], nowMs: NOW_MS });
    expect(log).toEqual([statements.GET_RECORDS.trim()]);
    await store.list({ owner: 'owner', limit: 1, nowMs: NOW_MS });
    expect(log.slice(1)).toEqual([statements.LIST_FIRST.trim()]);
    await store.due({ handlers: ['tool', 'other'], limit: 10, nowMs: NOW_MS });
    expect(log.slice(2)).toEqual([statements.LIST_DUE.trim()]);
  });

  it('makes of each write one transaction, which takes the write lock before it reads', async () => {
    const { store, log } = await countedStore();
    const task = newTask();
    const { taskId } = task.head;
    const writes = [
      () => store.create(task),
      () => store.update(checkpoint(task.head, 'a')),
      () => store.update(checkpoint(task.head, 'conflict')),
      () => store.renew({ leases: [{ taskId, attempt: 0, holder: 'process-1' }], dueAtMs: NOW_MS + 1, nowMs: NOW_MS }),
      () => store.deleteExpired({ nowMs: NOW_MS, limit: 10 }),
    ];
    for (const write of writes) {
      log.length = 0;
      await write();
      expect(log.filter(isTransaction)).toEqual(['BEGIN IMMEDIATE', 'COMMIT']);
      expect([log[0], log.at(-1)]).toEqual(['BEGIN IMMEDIATE', 'COMMIT']);
    }
  });

  it('commits writes that are asked for at once together', async () => {
    const { store, log } = await countedStore();
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => store.create(newTask())));
    expect(outcomes.map(({ status }) => status)).toEqual(Array(5).fill('created'));
    expect(log.filter(isTransaction)).toEqual(['BEGIN IMMEDIATE', 'COMMIT']);
  });

  it('updates a task at a cost that does not depend on what it has stored', async () => {
    const { store, log } = await countedStore();
    const entries = Array.from({ length: 500 }, (_, index) => {
      return { kind: 'checkpoint' as const, name: `old-${index}`, value: 'x'.repeat(1_000) };
    });
    const costs = [];
    for (const head of [await stored(store), await stored(store, {}, entries)]) {
      log.length = 0;
      await store.update(checkpoint(head, 'new'));
      costs.push([...log]);
    }
    expect(costs[1]).toEqual(costs[0]);
  });
});

describe('query plans', () => {
  const texts = Object.entries(statements).flatMap(([name, statement]): [string, string][] => {
    const sql = typeof statement === 'function' ? statement(['status', 'due_at_ms', 'expires_at_ms']) : statement;
    return sql === statements.CHECK_TABLES ? [] : [[name, sql]];
  });

  it.each(texts)('%s finds its rows by an index, however many tasks there are', async (_name, sql) => {
    const path = temporaryFile();
    await openStore({ path });
    const parameters = Object.fromEntries([...sql.matchAll(/:(\w+)/g)].map(([, name]) => [String(name), null]));
    const plan = openDatabase(path).prepare(`EXPLAIN QUERY PLAN ${sql}`).all(parameters) as { detail: string }[];
    const scans = plan.map(({ detail }) => detail).filter((detail) => detail.startsWith('SCAN'));
    // What is scanned are the lists that the caller gave.
    expect(scans.filter((detail) => !/VIRTUAL TABLE|^SCAN wanted$/.test(detail))).toEqual([]);
  });

  it('sorts only what lists of due tasks have taken from several handlers', async () => {
    const path = temporaryFile();
    await openStore({ path });
    const database = openDatabase(path);
    const sorts = texts.filter(([, sql]) => {
      const parameters = Object.fromEntries([...sql.matchAll(/:(\w+)/g)].map(([, name]) => [String(name), null]));
      const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(parameters) as { detail: string }[];
      return plan.some(({ detail }) => detail.includes('TEMP B-TREE'));
    });
    expect(sorts.map(([name]) => name)).toEqual(['LIST_DUE']);
  });
});
