import assert from 'node:assert/strict';
import { TaskError } from '@mcp-tasks/store';
import type { ContractCase } from './contract-case.ts';
import type { StoreHarness } from './harness.ts';

/** A case that a store does not pass, and why that is right. */
export interface ContractSkip {
  /** Id of the case. */
  readonly case: string;
  /** Why the case does not apply to the store: a sentence, at least 10 characters. */
  readonly reason: string;
}

/**
 * Check a list of skips against the contract.
 *
 * @throws {TypeError} a skip names no case, names one twice, or has no reason.
 *
 * @example
 * const reasons = checkSkips(contractCases, [
 *   { case: 'watch-hints', reason: 'This store sends no hints to other processes.' },
 * ]);
 */
export function checkSkips(
  cases: readonly ContractCase[],
  skips: readonly ContractSkip[],
): ReadonlyMap<string, string> {
  const reasons = new Map<string, string>();
  for (const { case: id, reason } of skips) {
    if (!cases.some((contractCase) => contractCase.id === id))
      throw new TypeError(`skips must name cases of the contract, and "${id}" is not one.`);
    if (reasons.has(id)) throw new TypeError(`skips must name each case once, and "${id}" is named twice.`);
    if (reason.trim().length < 10)
      throw new TypeError(`skips must give a reason of at least 10 characters for "${id}".`);
    reasons.set(id, reason);
  }
  return reasons;
}

/**
 * Run a case that a store skips: fails when the case passes, since then the skip is stale.
 *
 * @example
 * declare const harness: StoreHarness;
 * for (const contractCase of contractCases) {
 *   if (contractCase.id === 'watch-hints') await runSkipped(contractCase, harness);
 * }
 */
export async function runSkipped(contractCase: ContractCase, harness: StoreHarness): Promise<void> {
  try {
    await contractCase.run(harness);
  } catch (error) {
    if (error instanceof assert.AssertionError || TaskError.is(error)) return;
    throw error;
  }
  assert.fail(`${contractCase.id} is skipped and passes: remove the skip`);
}
