import type { TaskEntry, TaskHead, TaskPatch } from '@mcp-tasks/store';
import { checkpoint, claimOf, newTask, NOW_MS, ROOMY, until } from '@mcp-tasks/store-testing';
import { startProcess } from '@mcp-tasks/store-testing/vitest';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SqliteDatabaseLike } from '../src/index.ts';
import { openDatabase, openStore, temporaryFile } from './support/database.ts';

/** What the store has counted, beside what there is. */
function sumsOf(database: SqliteDatabaseLike) {
  const rows = (sql: string) =>
    database
      .prepare(sql)
      .all({})
      .map((row) => Object.values(row as Record<string, unknown>));
  return {
    counted: rows('SELECT hex(owner), tasks, bytes FROM mcp_task_owners ORDER BY 1'),
    stored: rows(`
      SELECT hex(task.owner), count(DISTINCT task.seq),
        coalesce(sum(length(entry.name) + length(entry.value)), 0)
      FROM mcp_tasks AS task LEFT JOIN mcp_task_entries AS entry ON entry.task_seq = task.seq
      GROUP BY task.owner ORDER BY 1`),
    wrongHeads: rows(`
      SELECT task.seq FROM mcp_tasks AS task WHERE entry_bytes <> (
        SELECT coalesce(sum(length(name) + length(value)), 0) FROM mcp_task_entries WHERE task_seq = task.seq
      )`),
    orphans: rows('SELECT seq FROM mcp_task_entries WHERE task_seq NOT IN (SELECT seq FROM mcp_tasks)'),
  };
}

function expectExact(database: SqliteDatabaseLike): void {
  const { counted, stored, wrongHeads, orphans } = sumsOf(database);
  expect(counted).toEqual(stored);
  expect([...wrongHeads, ...orphans]).toEqual([]);
}

const anyEntry: fc.Arbitrary<TaskEntry> = fc.record({
  kind: fc.constantFrom('variable', 'checkpoint'),
  name: fc.constantFrom('', 'a', 'é\0'),
  value: fc.string({ unit: 'binary', maxLength: 12 }),
});
const anyPatch: fc.Arbitrary<TaskPatch> = fc
  .uniqueArray(fc.tuple(anyEntry, fc.boolean()), { selector: ([{ kind, name }]) => `${kind} ${name}`, maxLength: 4 })
  .map((entries) => ({
    head: {},
    put: entries.flatMap(([entry, isPut]) => (isPut ? [entry] : [])),
    delete: entries.flatMap(([{ kind, name }, isPut]) => (isPut ? [] : [{ kind, name }])),
  }));
const anyStep = fc.record({
  act: fc.constantFrom('create', 'create', 'update', 'update', 'update', 'claim', 'sweep'),
  owner: fc.constantFrom('a', 'b\0'),
  task: fc.nat(20),
  patch: anyPatch,
  passedMs: fc.nat(5),
});

describe('the sums of an owner', () => {
  it('[BOUN-02] are exact after any work', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 20, maxLength: 40 }), async (steps) => {
        const path = temporaryFile();
        const store = await openStore({ path });
        const known: TaskHead[] = [];
        const limits = { ...ROOMY, maxStoredTasks: 6, maxStoredBytes: 60 };
        let nowMs = NOW_MS;
        for (const { act, owner, task, patch, passedMs } of steps) {
          nowMs += passedMs;
          const head = known[task % (known.length || 1)];
          if (act === 'create' || head === undefined) {
            const made = newTask(
              { owner, expiresAtMs: nowMs + 10 + task },
              { limits, nowMs, entries: patch.put ?? [] },
            );
            known.push((await store.create(made), made.head));
          } else if (act === 'update') {
            const outcome = await store.update({ ...checkpoint(head, ''), patch, maxStoredBytes: 60, nowMs });
            if (outcome.status !== 'not-found') known[known.indexOf(head)] = outcome.head;
          } else if (act === 'claim') {
            await store.claim(claimOf({ limit: 2, nowMs }));
          } else {
            await store.deleteExpired({ nowMs, limit: 3 });
          }
        }
        expectExact(openDatabase(path));
        await store.close();
      }),
      { numRuns: 15 },
    );
  });

  it('[BOUN-02][DURA-01] are exact after the process that writes was killed', async () => {
    const path = temporaryFile();
    for (let round = 0; round < 3; round += 1) {
      const module = new URL('./support/writing-process.ts', import.meta.url);
      const { lines, kill } = startProcess(module, { path, owner: `owner ${round}` });
      const enough = 10 + Math.floor(Math.random() * 60);
      await until('writes', () => lines.length >= enough);
      await kill();
      const database = openDatabase(path);
      expectExact(database);
      database.close();
    }
  });

  it('leave nothing of an owner without tasks', async () => {
    const database = openDatabase(temporaryFile());
    const store = await openStore({ database });
    await store.create(newTask({ expiresAtMs: NOW_MS + 1 }));
    await store.deleteExpired({ nowMs: NOW_MS + 1, limit: 1 });
    expect(sumsOf(database).counted).toEqual([]);
  });
});
