import assert from 'node:assert/strict';
import { memoryStore, TaskError } from '@mcp-tasks/store';
import { describe, expect, it } from 'vitest';
import { contractCases } from '../src/index.ts';
import { describeContract } from '../src/vitest.ts';
import { brokenStores } from './broken/broken-stores.ts';
import { memoryHarness, servedHarness } from './support/memory-harness.ts';

const NEEDS_PROCESS = 'second-process';

const skips = [{ case: NEEDS_PROCESS, reason: 'the memory of this process is shared with no other' }];
describeContract('the memory store before it is broken', memoryHarness(), { skips });
describeContract('the same as if on a server', memoryHarness(undefined, true), { skips });

describe('the contract kit', () => {
  it('[TEST-04] has one broken store for each case', () => {
    expect(brokenStores.map((broken) => broken.case).sort()).toEqual(contractCases.map(({ id }) => id).sort());
  });

  it('changes one method in each of them', () => {
    for (const broken of brokenStores) {
      expect(Object.keys(broken.methods(memoryStore())), broken.case).toHaveLength(1);
    }
  });

  for (const contractCase of contractCases) {
    const broken = brokenStores.find((store) => store.case === contractCase.id);
    it(`[TEST-04] finds a store that ${String(broken?.fault)} (${contractCase.id})`, { timeout: 60_000 }, async () => {
      assert.ok(broken);
      const makeHarness = contractCase.id === NEEDS_PROCESS ? servedHarness : memoryHarness;
      const error = await contractCase.run(makeHarness(broken.methods, broken.hasServerTime)).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      assert.ok(error instanceof assert.AssertionError || TaskError.is(error), `the case says ${String(error)}`);
      expect(error.message).toMatch(broken.says);
    });
  }
});
