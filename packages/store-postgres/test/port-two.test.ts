import { TASK_ENTRY_KINDS } from '@mcp-tasks/store';
import { claimOf, newHead, newTask, stored } from '@mcp-tasks/store-testing';
import pg from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { initial } from '../src/migrations/0001-initial.ts';
import { describeWithServer, openStore, POSTGRES_URL, query, temporarySchema } from './support/postgres.ts';

const NOW_MS = Date.now();
const LATER_MS = NOW_MS + 60_000;

/** Tasks in every state that the build before knew, by their ids: status, attempt, holder, when they are due. */
const OLD_TASKS = {
  queued: ['working', 0, 'process-1', LATER_MS],
  'queued long ago': ['working', 0, 'process-1', NOW_MS - 60_000],
  running: ['working', 1, 'process-1', LATER_MS],
  lost: ['working', 2, 'process-1', NOW_MS - 1],
  asking: ['input_required', 1, 'process-1', LATER_MS],
  parked: ['input_required', 1, null, null],
  sleeping: ['working', 1, null, LATER_MS],
  woken: ['working', 1, null, NOW_MS - 1],
  completed: ['completed', 1, null, null],
  'completed with an error': ['completed', 1, null, null],
  failed: ['failed', 1, null, null],
  cancelled: ['cancelled', 0, 'process-1', null],
  expired: ['working', 0, 'process-1', LATER_MS],
} as const;

/** A schema as the build before made it, with these tasks. */
async function oldSchema(): Promise<string> {
  const schema = temporarySchema();
  const pool = new pg.Pool({ connectionString: POSTGRES_URL, max: 1 });
  onTestFinished(() => pool.end());
  await pool.query(`CREATE SCHEMA ${schema};
    CREATE TABLE ${schema}.migrations (name text PRIMARY KEY, compatible_from integer NOT NULL);
    INSERT INTO ${schema}.migrations VALUES ('0001-initial', 1);
    ${initial(schema)}`);
  for (const [taskId, [status, attempt, holder, dueAtMs]] of Object.entries(OLD_TASKS)) {
    const head = {
      taskId,
      version: 3,
      status,
      createdAtMs: NOW_MS - 60_000,
      lastUpdatedAtMs: NOW_MS - 10,
      ttlMs: 3_600_000,
      expiresAtMs: taskId === 'expired' ? NOW_MS - 1 : NOW_MS + 3_600_000,
      pollIntervalMs: 1_000,
      handler: '"tool"',
      callDigest: '"digest"',
      attempt,
      crashCount: 0,
      ...(holder !== null && { holder: JSON.stringify(holder) }),
      dueAtMs,
      openQuestions: status === 'input_required' ? '["q"]' : '[]',
      ...(taskId === 'completed with an error' && { toolError: '"no\\u0000"' }),
    };
    await pool.query(
      `SELECT * FROM ${schema}.create_task($1::json, $2, $3, 100, 100, $4, ARRAY['call', 'variable'], $5, $6)`,
      [
        JSON.stringify(head),
        Buffer.from(taskId === 'parked' ? 'é\0' : 'owner'),
        Buffer.from(`key of ${taskId}`),
        NOW_MS - 60_000,
        [Buffer.from(''), Buffer.from('é\0')],
        ['{}', JSON.stringify('x'.repeat(5_000))],
      ],
    );
  }
  return schema;
}

/** Bytes of the entries of each old task. */
const ENTRY_BYTES = 2 + 3 + 5_002;

describeWithServer('a database of the build before port version 2', () => {
  it('[DURA-06] is brought along with its tasks in every state', async () => {
    const schema = await oldSchema();
    const store = await openStore({ schema });
    const records = await store.get({ taskIds: Object.keys(OLD_TASKS), kinds: TASK_ENTRY_KINDS, nowMs: NOW_MS });
    const heads = new Map(records.map(({ head }) => [head.taskId, head]));
    expect([...heads.keys()].sort()).toEqual(
      Object.keys(OLD_TASKS)
        .filter((id) => id !== 'expired')
        .sort(),
    );
    for (const { head, entries } of records) {
      expect(head).toMatchObject({ version: 3, writeId: '', queue: '', entryBytes: ENTRY_BYTES, callDigest: 'digest' });
      expect(head).toMatchObject({ status: OLD_TASKS[head.taskId as keyof typeof OLD_TASKS][0] });
      expect(entries.map(({ value }) => value.length).sort()).toEqual([2, 5_002]);
    }
    const state = (taskId: string) => {
      const { attempt, holder, dueAtMs } = heads.get(taskId) ?? newHead();
      return [attempt, holder, dueAtMs];
    };
    expect(state('queued long ago')).toEqual([0, undefined, NOW_MS - 60_000]);
    expect(state('queued').slice(0, 2)).toEqual([0, undefined]);
    expect(heads.get('queued')?.dueAtMs).toBeLessThan(LATER_MS);
    expect(state('running')).toEqual([1, 'process-1', LATER_MS]);
    expect(state('lost')).toEqual([2, 'process-1', NOW_MS - 1]);
    expect(state('asking')).toEqual([1, 'process-1', LATER_MS]);
    expect(state('parked')).toEqual([1, undefined, null]);
    expect(state('sleeping')).toEqual([1, undefined, LATER_MS]);
    expect(heads.get('completed with an error')?.resultError).toBe('no\0');
    expect(await query(`SELECT name, compatible_from FROM ${schema}.migrations ORDER BY name`)).toEqual([
      { name: '0001-initial', compatible_from: 1 },
      { name: '0002-port-two', compatible_from: 2 },
    ]);
  });

  it('[DURA-06][LIFE-05] offers what was queued at once, as tasks that never began, and what was held when its lease ends', async () => {
    const store = await openStore({ schema: await oldSchema() });
    const claim = async (nowMs: number) => {
      const { records } = await store.claim(claimOf({ holder: 'process-2', leaseMs: 600_000, nowMs }));
      return Object.fromEntries(records.map(({ head }) => [head.taskId, [head.attempt, head.crashCount]]));
    };
    const nowMs = Math.floor((await store.serverTimeMs?.()) ?? NOW_MS);
    expect(await claim(nowMs)).toEqual({ queued: [1, 0], 'queued long ago': [1, 0], woken: [2, 0], lost: [3, 1] });
    const due = await store.due({ handlers: ['tool'], queues: [''], limit: 9, nowMs });
    expect(due).toEqual([]);
  });

  it('[DURA-06][BOUN-02] counts what its owners have stored, and takes writes and keys as before', async () => {
    const schema = await oldSchema();
    const store = await openStore({ schema });
    const sums = `SELECT encode(o.owner, 'escape') AS owner, tasks, active, bytes FROM ${schema}.owners o ORDER BY o.tasks DESC`;
    const others = Object.values(OLD_TASKS).length - 1;
    const bytesOf = (tasks: number) => String(tasks * ENTRY_BYTES);
    expect(await query(sums)).toEqual([
      { owner: 'owner', tasks: String(others), active: String(others - 4), bytes: bytesOf(others) },
      { owner: '\\303\\251\\000', tasks: '1', active: '1', bytes: bytesOf(1) },
    ]);
    const again = await store.create(newTask({}, { idempotencyKey: 'key of running', nowMs: NOW_MS }));
    expect(again).toMatchObject({ status: 'existing', head: { taskId: 'running', writeId: '' } });
    const [record] = await store.get({ taskIds: ['parked'], kinds: [], nowMs: NOW_MS });
    const outcome = await store.update({
      taskId: 'parked',
      expected: { version: 3, writeId: '' },
      writeId: 'a write',
      patch: { head: { status: 'cancelled' }, delete: [{ kind: 'call', name: '' }] },
      nowMs: NOW_MS,
    });
    expect(record?.head.owner).toBe('é\0');
    expect(outcome).toMatchObject({ status: 'updated', head: { version: 4, entryBytes: ENTRY_BYTES - 2 } });
    expect((await query(sums))[1]).toMatchObject({ active: '0', bytes: String(ENTRY_BYTES - 2) });
  });

  it('[DURA-06] fails the calls of a process of that build which still runs, and changes nothing for it', async () => {
    const schema = await oldSchema();
    const store = await openStore({ schema });
    await stored(store);
    const create = `SELECT outcome FROM ${schema}.create_task('{}'::json, ''::bytea, NULL, 1, 1, 1, '{}', '{}', '{}')`;
    await expect(query(create)).rejects.toMatchObject({ code: '42883' });
    const update = `SELECT outcome FROM ${schema}.update_task('queued', 3, 1, '{}'::json, '{}', '{}', '{}', '{}', '{}')`;
    await expect(query(update)).rejects.toMatchObject({ code: '42883' });
  });
});
