import assert from 'node:assert/strict';
import type { ContractCase } from '../api/contract-case.ts';
import { checkStore } from '../model/check-store.ts';

/** Calls that the case makes; the variable of the environment asks for more. */
const OPERATIONS = 2_000;

/** All promises at once: random calls against a model. */
export const modelCases: readonly ContractCase[] = [
  {
    id: 'model',
    promise: 10,
    title:
      '[TEST-04][TEST-07][LIFE-04] answers random calls, made at once and with answers lost, as one record of each task would',
    async run(harness) {
      const { STORE_MODEL_SEED: seed = '1', STORE_MODEL_OPERATIONS: operations = String(OPERATIONS) } = process.env;
      const { answers } = await checkStore(harness, { seed: Number(seed), operations: Number(operations) });
      assert.ok(
        (answers.get('beside another lane') ?? 0) > 0,
        'two connections were never inside the store at once: the calls did not meet',
      );
    },
  },
];
