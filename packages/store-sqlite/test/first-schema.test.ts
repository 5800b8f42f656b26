import { TASK_ENTRY_KINDS } from '@mcp-tasks/store';
import { checkpoint, claimOf, newTask, NOW_MS, ROOMY } from '@mcp-tasks/store-testing';
import { describe, expect, it } from 'vitest';
import type { SqliteDatabaseLike, SqliteValue } from '../src/index.ts';
import { initial } from '../src/migrations/0001-initial.ts';
import { openDatabase, openStore, temporaryFile } from './support/database.ts';

const LEASE_END_MS = NOW_MS + 20_000;

/** A task as builds with the first schema kept it, by the columns that differ from those of a parked one. */
type OldTask = Readonly<Record<string, SqliteValue>>;

const OLD_TASKS: Readonly<Record<string, OldTask>> = {
  queued: { holder: blob('process-1'), due_at_ms: LEASE_END_MS },
  running: { attempt: 1, holder: blob('process-1'), due_at_ms: LEASE_END_MS },
  crashed: { attempt: 2, crash_count: 1, holder: blob('process-2'), due_at_ms: NOW_MS - 5 },
  sleeping: { attempt: 1, due_at_ms: NOW_MS + 60_000 },
  due: { attempt: 1, due_at_ms: NOW_MS - 1 },
  parked: { attempt: 1, status: 'input_required', open_questions: blob('["q"]') },
  completed: { attempt: 1, status: 'completed', tool_error: blob('no\0') },
  failed: { attempt: 0, status: 'failed', holder: blob('process-1') },
  cancelled: { status: 'cancelled', idempotency_key: blob('key') },
  expired: { expires_at_ms: NOW_MS, due_at_ms: NOW_MS - 9 },
  'of another': { owner: blob('another\0'), progress: blob('{"done":1}'), ttl_requested: 1 },
};

function blob(text: string): Buffer {
  return Buffer.from(text);
}

/** A database of the first schema with a task in every state, each with two entries of 10 bytes in all. */
function oldDatabase(): string {
  const path = temporaryFile();
  const database = openDatabase(path);
  database.exec(initial.sql);
  database.exec(`
    CREATE TABLE mcp_task_schema (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      version INTEGER NOT NULL,
      oldest_compatible_version INTEGER NOT NULL,
      change_seq INTEGER NOT NULL
    ) STRICT;
    INSERT INTO mcp_task_schema VALUES (1, 1, 1, ${Object.keys(OLD_TASKS).length});
  `);
  for (const [index, [taskId, fields]] of Object.entries(OLD_TASKS).entries()) {
    insert(database, 'mcp_tasks', {
      seq: index + 1,
      task_id: blob(taskId),
      owner: blob('owner'),
      version: 3,
      status: 'working',
      created_at_ms: NOW_MS - 60_000,
      last_updated_at_ms: NOW_MS - 50_000,
      ttl_ms: 3_600_000,
      expires_at_ms: NOW_MS + 3_600_000,
      poll_interval_ms: 1_000,
      handler: blob('tool'),
      call_digest: blob('digest'),
      attempt: 0,
      crash_count: 0,
      open_questions: blob('[]'),
      change_seq: index + 1,
      ...fields,
    });
    insert(database, 'mcp_task_entries', { task_seq: index + 1, kind: 'call', name: blob(''), value: blob('{"é":1}') });
    insert(database, 'mcp_task_entries', { task_seq: index + 1, kind: 'variable', name: blob('a'), value: blob('1') });
  }
  return path;
}

function insert(database: SqliteDatabaseLike, table: string, row: OldTask): void {
  const columns = Object.keys(row);
  const values = columns.map((column) => `:${column}`).join(', ');
  database.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${values})`).run(row);
}

describe('a database of the first schema', () => {
  it('[DURA-06] is brought along with tasks in every state, and all that they have', async () => {
    const store = await openStore({ path: oldDatabase() });
    const records = await store.get({ taskIds: Object.keys(OLD_TASKS), kinds: TASK_ENTRY_KINDS, nowMs: NOW_MS });
    const heads = new Map(records.map(({ head }) => [head.taskId, head]));
    expect([...heads.keys()]).toEqual(Object.keys(OLD_TASKS).filter((name) => name !== 'expired'));
    for (const { head, entries } of records) {
      expect(head).toMatchObject({ version: 3, writeId: '', queue: '', entryBytes: 10, createdAtMs: NOW_MS - 60_000 });
      expect(entries).toContainEqual({ kind: 'call', name: '', value: '{"é":1}' });
      expect(entries).toContainEqual({ kind: 'variable', name: 'a', value: '1' });
    }
    expect(heads.get('running')).toMatchObject({ attempt: 1, holder: 'process-1', dueAtMs: LEASE_END_MS });
    expect(heads.get('sleeping')).toMatchObject({ attempt: 1, dueAtMs: NOW_MS + 60_000 });
    expect(heads.get('parked')).toMatchObject({ dueAtMs: null, openQuestions: ['q'] });
    expect(heads.get('completed')).toMatchObject({ status: 'completed', resultError: 'no\0' });
    expect(heads.get('of another')).toMatchObject({ owner: 'another\0', progress: { done: 1 }, ttlRequested: true });
  });

  it('[DURA-06] lets the first claim begin what was queued, and tell lost runs from it', async () => {
    const store = await openStore({ path: oldDatabase() });
    const claimed = async (nowMs: number) => {
      const { records } = await store.claim(claimOf({ holder: 'process-9', nowMs }));
      return records.map(({ head }) => [head.taskId, head.attempt, head.crashCount]).sort();
    };
    expect(await claimed(NOW_MS)).toEqual([
      ['crashed', 3, 2],
      ['due', 2, 0],
      ['queued', 1, 0],
    ]);
    expect(await claimed(LEASE_END_MS)).toEqual([['running', 2, 1]]);
  });

  it('[DURA-06] has its tasks and bytes counted, for each owner', async () => {
    const path = oldDatabase();
    const store = await openStore({ path });
    const sums = openDatabase(path).prepare('SELECT owner, tasks, bytes FROM mcp_task_owners ORDER BY owner').all({});
    // One driver answers a Buffer, another a Uint8Array.
    const rows = sums.map((row) => Object.values(row as Record<string, unknown>));
    expect(rows.map(([owner, ...counts]) => [Buffer.from(owner as Uint8Array).toString(), ...counts])).toEqual([
      ['another\0', 1, 10],
      ['owner', 10, 100],
    ]);
    const create = (maxStoredBytes: number) => {
      const entries = [{ kind: 'call' as const, name: '', value: '12345' }];
      return store.create(newTask({}, { entries, limits: { ...ROOMY, maxStoredBytes } }));
    };
    // The expired task, which is in the way, goes.
    expect(await create(94)).toMatchObject({ status: 'over-quota', limit: 'maxStoredBytes', retryable: false });
    expect(await create(95)).toMatchObject({ status: 'created' });
  });

  it('[DURA-06] has its keys, its list, and versions that go on', async () => {
    const store = await openStore({ path: oldDatabase() });
    const again = await store.create(newTask({}, { idempotencyKey: 'key' }));
    expect(again).toMatchObject({ status: 'existing', head: { taskId: 'cancelled' } });
    const { heads } = await store.list({ owner: 'owner', limit: 100, nowMs: NOW_MS });
    expect(heads).toHaveLength(9);
    const [parked] = heads.filter(({ taskId }) => taskId === 'parked');
    expect(parked && (await store.update(checkpoint(parked, 'a', '"five"')))).toMatchObject({
      status: 'updated',
      head: { version: 4, entryBytes: 17 },
    });
  });
});
