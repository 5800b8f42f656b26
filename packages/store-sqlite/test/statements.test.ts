import { checkpoint, claimOf, HELD, leaseOf, newTask, NOW_MS, ROOMY, stored } from '@mcp-tasks/store-testing';
import { describe, expect, it } from 'vitest';
import * as dueStatements from '../src/due-statements.ts';
import * as otherStatements from '../src/statements.ts';
import { openDatabase, openStore, recording, temporaryFile } from './support/database.ts';

const statements = { ...otherStatements, ...dueStatements };

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
  it('[STOR-01] reads records, a page, due tasks, and one to join with one statement each', async () => {
    const { store, log } = await countedStore();
    const heads = [await stored(store), await stored(store)];
    log.length = 0;
    await store.get({ taskIds: heads.map(({ taskId }) => taskId), kinds: ['call', 'result'], nowMs: NOW_MS });
    expect(log).toEqual([statements.GET_RECORDS.trim()]);
    await store.list({ owner: 'owner', limit: 1, nowMs: NOW_MS });
    expect(log.slice(1)).toEqual([statements.LIST_FIRST.trim()]);
    await store.due({ handlers: ['tool', 'other'], queues: ['', 'engine'], limit: 10, nowMs: NOW_MS });
    expect(log.slice(2)).toEqual([statements.LIST_DUE.trim()]);
    await store.due({ handlers: { except: ['tool', 'other'] }, queues: ['', 'engine'], limit: 10, nowMs: NOW_MS });
    expect(log.slice(3)).toEqual([statements.LIST_DUE_OF_OTHERS.trim()]);
    await store.findJoinable({ owner: 'owner', joinKey: 'key', nowMs: NOW_MS });
    expect(log.slice(4)).toEqual([statements.FIND_JOINABLE.trim()]);
  });

  it('makes of each write one transaction, which takes the write lock before it reads', async () => {
    const { store, log } = await countedStore();
    const task = newTask(HELD);
    const { taskId } = task.head;
    const writes = [
      () => store.create(task),
      () => store.update(checkpoint(task.head, 'a')),
      () => store.update(checkpoint(task.head, 'conflict')),
      () => store.renew({ leases: [leaseOf({ taskId })], leaseMs: 0, nowMs: NOW_MS }),
      () => store.claim(claimOf({ holder: 'process-2' })),
      () => store.claim(claimOf({ taskIds: [taskId] })),
      () => store.deleteExpired({ nowMs: NOW_MS, limit: 10 }),
    ];
    for (const write of writes) {
      log.length = 0;
      await write();
      expect(log.filter(isTransaction)).toEqual(['BEGIN IMMEDIATE', 'COMMIT']);
      expect([log[0], log.at(-1)]).toEqual(['BEGIN IMMEDIATE', 'COMMIT']);
    }
  });

  it('takes no more statements for a write than these', async () => {
    const { store, log } = await countedStore();
    const entries = [{ kind: 'call' as const, name: '', value: '1' }];
    const count = async (write: () => Promise<unknown>) => {
      log.length = 0;
      await write();
      return log.filter((sql) => !isTransaction(sql)).length;
    };
    const task = newTask({}, { entries, idempotencyKey: 'key' });
    const update = checkpoint(task.head, 'a');
    const counts = {
      create: await count(() => store.create(task)),
      existing: await count(() => store.create(task)),
      refused: await count(() => store.create(newTask({}, { limits: { ...ROOMY, maxActiveTasks: 1 } }))),
      update: await count(() => store.update({ ...update, maxStoredBytes: 10 })),
      'the same update': await count(() => store.update(update)),
      'empty claim': await count(() => store.claim(claimOf({ handlers: [{ name: 'other' }] }))),
      claim: await count(() => store.claim(claimOf())),
      renew: await count(() => store.renew({ leases: [leaseOf(task.head)], leaseMs: 0, nowMs: NOW_MS })),
      'claim of a lost run': await count(() => store.claim(claimOf())),
      sweep: await count(() => store.deleteExpired({ nowMs: NOW_MS + 3_600_000, limit: 10 })),
    };
    expect(counts).toEqual({
      create: 5,
      existing: 1,
      refused: 2,
      update: 3,
      'the same update': 2,
      'empty claim': 4,
      claim: 12,
      renew: 1,
      'claim of a lost run': 12,
      sweep: 2,
    });
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
    if (name === 'columnsOf' || name === 'ACTIVE' || name === 'CHANGE_SEQ' || name === 'CHECK_TABLES') return [];
    if (typeof statement === 'string') return [[name, statement]];
    const columns = ['status', 'due_at_ms', 'expires_at_ms'];
    return [
      [`${name} without entries`, statements.updateTask(columns, false)],
      [`${name} with entries`, statements.updateTask(columns, true)],
    ];
  });

  it.each(texts)('%s finds its rows by an index, however many tasks there are', async (_name, sql) => {
    const path = temporaryFile();
    await openStore({ path });
    const parameters = Object.fromEntries([...sql.matchAll(/:(\w+)/g)].map(([, name]) => [String(name), null]));
    const plan = openDatabase(path).prepare(`EXPLAIN QUERY PLAN ${sql}`).all(parameters) as { detail: string }[];
    const scans = plan.map(({ detail }) => detail).filter((detail) => detail.startsWith('SCAN'));
    const isBounded = /VIRTUAL TABLE|^SCAN (wanted|found|grown|replaced|CONSTANT ROW|\(subquery-\d+\))$/;
    // What is scanned are the lists that the caller gave, and what a statement has found up to a limit.
    expect(scans.filter((detail) => !isBounded.test(detail))).toEqual([]);
  });

  it('sorts only what lists have taken from several ranges of an index', async () => {
    const path = temporaryFile();
    await openStore({ path });
    const database = openDatabase(path);
    const sorts = texts.filter(([, sql]) => {
      const parameters = Object.fromEntries([...sql.matchAll(/:(\w+)/g)].map(([, name]) => [String(name), null]));
      const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(parameters) as { detail: string }[];
      return plan.some(({ detail }) => detail.includes('TEMP B-TREE'));
    });
    expect(sorts.map(([name]) => name)).toEqual([
      'LIST_EXPIRED_OF_OWNER',
      'LIST_DUE',
      'LIST_DUE_OF_OTHERS',
      'MOVE_DUE',
      'LIST_DUE_OF_OWNER',
    ]);
  });
});
