import { randomUUID } from 'node:crypto';
import { TASK_ENTRY_KINDS, type TaskStore } from '@mcp-tasks/store';
import { checkpoint, claimOf, newHead, newTask, NOW_MS, ROOMY } from '@mcp-tasks/store-testing';
import pg from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { migrate } from '../src/migrate.ts';
import type { PostgresPoolLike } from '../src/options.ts';
import { describeWithServer, openStore, POSTGRES_URL, temporarySchema } from './support/postgres.ts';

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}

/** What the statements of one call did with the tables of the store, also those inside of functions and for foreign keys. */
interface Work {
  readonly indexes: ReadonlySet<string>;
  readonly wholeTables: readonly string[];
  readonly rowsRead: number;
}

/** A pool of one connection on which the server explains every statement as it runs. */
async function explainingPool(): Promise<{
  readonly pool: PostgresPoolLike;
  readonly work: (call: () => Promise<unknown>) => Promise<Work>;
}> {
  const client = new pg.Client({ connectionString: POSTGRES_URL });
  const nodes: PlanNode[] = [];
  client.on('notice', ({ message }) => {
    const json = /plan:\s*(\{.*)$/s.exec(message ?? '')?.[1];
    if (json !== undefined) nodes.push(...flatten((JSON.parse(json) as { Plan: PlanNode }).Plan));
  });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query(`LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_analyze = on;
    SET auto_explain.log_timing = off; SET auto_explain.log_nested_statements = on; SET auto_explain.log_format = json;
    SET client_min_messages = log`);
  const query: PostgresPoolLike['query'] = (statement) => client.query(statement);
  return {
    pool: { query, connect: async () => ({ query, release: () => undefined }) },
    work: async (call) => {
      nodes.length = 0;
      await call();
      return workOf(nodes);
    },
  };
}

function flatten(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(flatten)];
}

function workOf(nodes: readonly PlanNode[]): Work {
  const scans = nodes.filter((node) => node['Node Type'].endsWith('Scan') && node['Node Type'] !== 'Function Scan');
  return {
    indexes: new Set(nodes.flatMap((node) => node['Index Name'] ?? [])),
    wholeTables: scans.flatMap((node) => (node['Node Type'] === 'Seq Scan' ? (node['Relation Name'] ?? '') : [])),
    rowsRead: Math.max(
      0,
      ...scans.map((node) => (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops']),
    ),
  };
}

const TASKS = 20_000;

/** Many tasks: a quarter of them of one owner, a twentieth has expired. Each has an entry. */
async function fill(pool: PostgresPoolLike, schema: string): Promise<void> {
  await pool.query({
    text: `INSERT INTO ${schema}.tasks
        (task_id, owner, idempotency_key, version, write_id, status, handler_json, queue_json, created_at_ms,
          last_updated_at_ms, ttl_ms, expires_at_ms, poll_interval_ms, due_at_ms, is_ripe, attempt, crash_count, holder_json,
          call_digest_json, open_questions_json, join_key_json, join_state, entry_bytes, claim_id)
      SELECT 'task-' || i, CASE WHEN i % 4 = 0 THEN 'owner' ELSE 'owner ' || i % 300 END::bytea,
        CASE WHEN i % 10 = 0 THEN ('key ' || i)::bytea END, 1, 'write 1', CASE WHEN i % 3 = 0 THEN 'working' ELSE 'completed' END,
        '"tool ' || i % 20 || '"', CASE WHEN i % 7 = 0 THEN '"engine"' ELSE '""' END, $1::bigint - i, $1, 3600000,
        CASE WHEN i % 20 = 1 THEN $1::bigint - i ELSE $1::bigint + 30000 + i END, 1000,
        CASE WHEN i % 3 = 0 THEN CASE WHEN i % 9 = 0 THEN $1::bigint + i ELSE $1::bigint - i END END, i % 3 = 0 AND i % 9 > 0,
        1, 0, CASE WHEN i % 2 = 0 THEN '"process-1"' END, '""', '[]', '"join ' || i % 1000 || '"',
        CASE WHEN i % 5 = 0 THEN 'left' END, 2, 'claim ' || i / 10
      FROM generate_series(1, ${TASKS}) AS i`,
    values: [NOW_MS],
  });
  await pool.query({
    text: `INSERT INTO ${schema}.task_entries SELECT 'task-' || i, 'call', '', '{}' FROM generate_series(1, ${TASKS}) AS i`,
  });
  await pool.query({
    text: `DELETE FROM ${schema}.owners; INSERT INTO ${schema}.owners SELECT owner, count(*), count(*) FILTER (WHERE status = 'working'), sum(entry_bytes)
      FROM ${schema}.tasks GROUP BY owner`,
  });
}

const ALL_HANDLERS = Array.from({ length: 20 }, (_, number) => `tool ${number}`);
const THREE_HANDLERS = { handlers: ['tool 3', 'tool 4', 'none'], queues: ['', 'none'] };

/** Each call, the index that it must go by, and the most rows that any of its scans may read. */
const CALLS: readonly (readonly [string, readonly string[], number, (store: TaskStore) => Promise<unknown>])[] = [
  ['a first page', ['tasks_owner_created'], 60, (store) => store.list({ owner: 'owner', limit: 50, nowMs: NOW_MS })],
  [
    'a page in the middle',
    ['tasks_owner_created'],
    60,
    (store) =>
      store.list({
        owner: 'owner',
        limit: 50,
        nowMs: NOW_MS,
        after: { createdAtMs: NOW_MS - 9_000, taskId: 'task-9000' },
      }),
  ],
  ['due of three handlers', ['tasks_due'], 60, (store) => store.due({ ...THREE_HANDLERS, limit: 16, nowMs: NOW_MS })],
  [
    'a later page of due tasks',
    ['tasks_due'],
    60,
    (store) =>
      store.due({ ...THREE_HANDLERS, limit: 16, nowMs: NOW_MS, after: { dueAtMs: NOW_MS - 9_000, taskId: 'task' } }),
  ],
  [
    'due of all handlers but three of twenty',
    ['tasks_due'],
    17 * 2 * 16,
    (store) =>
      store.due({ handlers: { except: ['tool 3', 'tool 4', 'tool 5'] }, queues: [''], limit: 16, nowMs: NOW_MS }),
  ],
  [
    'due of no known handler',
    ['tasks_due'],
    60,
    (store) => store.due({ handlers: { except: ALL_HANDLERS }, queues: ['', 'engine'], limit: 16, nowMs: NOW_MS }),
  ],
  [
    'a claim of four tasks of many owners',
    ['tasks_due', 'tasks_turn', 'tasks_claim', 'tasks_pkey'],
    90,
    (store) => store.claim(claimOf({ handlers: [{ name: 'tool 3' }, { name: 'tool 4' }], limit: 4, perOwner: 2 })),
  ],
  [
    'a claim of the many tasks of one owner',
    ['tasks_turn', 'tasks_claim', 'tasks_pkey'],
    90,
    (store) => store.claim(claimOf({ handlers: [{ name: 'tool 0' }], limit: 4, perOwner: 4, afterOwner: 'own' })),
  ],
  [
    'a claim that leaves lost runs',
    ['tasks_turn', 'tasks_claim', 'tasks_pkey'],
    90,
    (store) => store.claim(claimOf({ handlers: [{ name: 'tool 5' }], limit: 4, perOwner: 4, takesLostRuns: false })),
  ],
  [
    'a claim of what has become due',
    ['tasks_due', 'tasks_turn', 'tasks_claim', 'tasks_pkey'],
    180,
    (store) => store.claim(claimOf({ handlers: [{ name: 'tool 6' }], limit: 4, perOwner: 4, nowMs: NOW_MS + 10_000 })),
  ],
  [
    'a claim by id',
    ['tasks_claim', 'tasks_pkey'],
    90,
    (store) => store.claim(claimOf({ handlers: [{ name: 'tool 9' }], taskIds: ['task-9', 'task-69', 'task-129'] })),
  ],
  [
    'a search for a task to join',
    ['tasks_join'],
    30,
    (store) => store.findJoinable({ owner: 'owner', joinKey: 'join 20', nowMs: NOW_MS }),
  ],
  [
    'a sweep',
    ['tasks_expires', 'tasks_pkey', 'task_entries_pkey', 'owners_pkey'],
    30,
    (store) => store.deleteExpired({ nowMs: NOW_MS, limit: 25 }),
  ],
  [
    'a create with a key',
    ['tasks_pkey', 'tasks_idempotency', 'owners_pkey'],
    2,
    (store) =>
      store.create(
        newTask(
          { owner: 'owner 7' },
          { idempotencyKey: randomUUID(), entries: [{ kind: 'call', name: '', value: '{}' }] },
        ),
      ),
  ],
  [
    'a create for which expired tasks are in the way',
    ['tasks_pkey', 'tasks_owner_expires', 'owners_pkey'],
    300,
    (store) => store.create(newTask({ owner: 'owner 1' }, { limits: { ...ROOMY, maxStoredTasks: 1 } })),
  ],
  [
    'an update',
    ['tasks_pkey', 'task_entries_pkey', 'owners_pkey'],
    3,
    async (store) => {
      const [record] = await store.get({ taskIds: ['task-9'], kinds: [], nowMs: NOW_MS });
      return store.update(checkpoint(record?.head ?? newHead(), randomUUID()));
    },
  ],
  [
    'a get of ten tasks',
    ['tasks_pkey', 'task_entries_pkey'],
    10,
    (store) =>
      store.get({
        taskIds: Array.from({ length: 10 }, (_, index) => `task-${2 + 3 * index}`),
        kinds: TASK_ENTRY_KINDS,
        nowMs: NOW_MS,
      }),
  ],
  [
    'a renewal of 200 leases',
    ['tasks_pkey'],
    200,
    (store) =>
      store.renew({
        leases: Array.from({ length: 200 }, (_, index) => ({
          taskId: `task-${3 * index}`,
          attempt: 1,
          holder: 'process-1',
        })),
        leaseMs: 60_000,
        nowMs: NOW_MS,
      }),
  ],
];

describeWithServer('every call on a table of 20,000 tasks', () => {
  it('[INTG-07][INTG-09] goes by an index and reads no more rows than it answers, changes or counts', async () => {
    const { pool, work } = await explainingPool();
    const schema = temporarySchema();
    await migrate(pool, schema);
    await fill(pool, schema);
    await pool.query({ text: `ANALYZE ${schema}.tasks, ${schema}.task_entries, ${schema}.owners` });
    const store = await openStore({ pool, schema });
    for (const [what, indexes, mostRows, call] of CALLS) {
      // Often enough for the plans inside of functions to be those that are kept.
      for (let time = 0; time < 7; time += 1) {
        const { indexes: used, wholeTables, rowsRead } = await work(() => call(store));
        expect(wholeTables, `tables that ${what} reads from end to end`).toEqual([]);
        expect([...used], `indexes of ${what}`).toEqual(expect.arrayContaining([...indexes]));
        expect(rowsRead, `rows that ${what} reads`).toBeLessThanOrEqual(mostRows);
      }
    }
  });

  it('[INTG-07] reads no more where the plans inside of functions were made when there were none', async () => {
    const { pool, work } = await explainingPool();
    const schema = temporarySchema();
    const store = await openStore({ pool, schema });
    const inFunctions = CALLS.filter(([what]) => /claim|create|update|sweep/.test(what));
    for (const [, , , call] of inFunctions) for (let time = 0; time < 7; time += 1) await call(store);
    await fill(pool, schema);
    for (const [what, , mostRows, call] of inFunctions) {
      const { wholeTables, rowsRead } = await work(() => call(store));
      expect(wholeTables, `tables that ${what} reads from end to end`).toEqual([]);
      // Until the server has counted, an index by owner may do for one by owner and key: an owner has about 70 tasks.
      expect(rowsRead, `rows that ${what} reads`).toBeLessThanOrEqual(Math.max(mostRows, 100));
    }
  });
});
