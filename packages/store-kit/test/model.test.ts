import assert from 'node:assert/strict';
import { describe, expect, it } from 'vitest';
import { checkStore } from '../src/index.ts';
import { rareReadFaults } from './broken/rare-read-faults.ts';
import { rareWriteFaults } from './broken/rare-write-faults.ts';
import { memoryHarness, servedHarness } from './support/memory-harness.ts';

async function failureOf(check: Promise<unknown>): Promise<string> {
  const error = await check.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof assert.AssertionError, `the check says ${String(error)}`);
  return error.message;
}

describe('checkStore', () => {
  for (const { store, says, methods } of [...rareWriteFaults, ...rareReadFaults]) {
    it(`[TEST-04][LIFE-04] finds a store that ${store}`, async () => {
      const message = await failureOf(checkStore(memoryHarness(methods), { seed: 3, operations: 20_000 }));
      expect(message.split('\n')[0]).toMatch(says);
    });
  }

  it('[TEST-04] meets every kind of answer, and calls of several connections at once', async () => {
    const { answers } = await checkStore(memoryHarness(), { seed: 2, operations: 10_000 });
    const wanted = [
      'create created',
      'create existing',
      'create over maxActiveTasks',
      'create over maxStoredTasks',
      'create over maxStoredBytes',
      'update updated',
      'update conflict',
      'update over-quota',
      'update not-found',
      'claim',
      'claim of a lost run',
      'claim of nothing',
      'renew',
      'renew of nothing',
      'deleteExpired',
      'due',
      'get',
      'list of a page',
      'findJoinable',
      'answer lost',
      'beside another lane',
    ];
    expect(wanted.filter((name) => (answers.get(name) ?? 0) < 10)).toEqual([]);
  });

  it('[TEST-07] passes stores that keep their promises, with any seed and number of connections', async () => {
    for (let seed = 1; seed <= 6; seed += 1) {
      const connections = 1 + (seed % 4);
      const { operations } = await checkStore(memoryHarness(undefined, seed % 2 === 0), { seed, connections });
      expect(operations).toBeGreaterThanOrEqual(2_000);
    }
    await checkStore(servedHarness(), { seed: 4, operations: 1_000, connections: 4 });
  });

  it('[TEST-07] makes the same calls for the same seed', async () => {
    const runs: string[][] = [];
    for (const seed of [5, 5, 6]) {
      const created: string[] = [];
      const harness = memoryHarness((store) => ({
        create(input) {
          created.push(`${input.head.owner} ${input.head.taskId}`);
          return store.create(input);
        },
      }));
      await checkStore(harness, { seed, operations: 500 });
      runs.push(created);
    }
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[2]).not.toEqual(runs[0]);
  });

  it('says how to see a fault again, which rule broke, and what was done with the task, in order', async () => {
    const harness = memoryHarness((store) => ({
      async get(input) {
        const records = await store.get(input);
        return records.map(({ head, entries }) => ({ head: { ...head, statusMessage: 'made up' }, entries }));
      },
    }));
    const message = await failureOf(checkStore(harness, { seed: 9, operations: 300, connections: 2 }));
    const [first, , third, ...calls] = message.split('\n');
    expect(first).toMatch(
      /checkStore\(harness, \{"seed":9,"operations":300,"connections":2\}\).*statusMessage is "made up"/,
    );
    expect(third).toMatch(/^The calls of task \S+:$/);
    const startsMs = calls.map((line) => Number(/^[> ] (\S+) to/.exec(line)?.[1]));
    expect(startsMs.length).toBeGreaterThan(0);
    expect(startsMs).toEqual([...startsMs].sort((one, other) => one - other));
    expect(calls.filter((line) => line.startsWith('> '))).toHaveLength(1);
  });

  it('fails when a call is rejected, with the call', async () => {
    const harness = memoryHarness(() => ({ list: () => Promise.reject(new TypeError('not this time')) }));
    expect(await failureOf(checkStore(harness))).toMatch(/list was rejected: TypeError: not this time/);
  });
});
