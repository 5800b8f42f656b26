// The binding of the contract to vitest. Adding a line here makes a promise.
import { describe, it } from 'vitest';
import type { StoreHarness } from './api/harness.ts';
import { checkSkips, type ContractSkip, runSkipped } from './api/skips.ts';
import { contractCases } from './cases/contract-cases.ts';

/** Options of {@link describeContract}. */
export interface DescribeContractOptions {
  /** Cases that do not apply, each with its reason; a skip whose case passes fails. */
  readonly skips?: readonly ContractSkip[] | undefined;
  /** Time for one case; default 60 s. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Register the whole contract as tests of one store.
 *
 * @throws {TypeError} a skip names no case, names one twice, or has no reason.
 */
export function describeContract(name: string, harness: StoreHarness, options: DescribeContractOptions = {}): void {
  const { skips = [], timeoutMs = 60_000 } = options;
  const reasons = checkSkips(contractCases, skips);
  describe(name, () => {
    for (const contractCase of contractCases) {
      const { id, title } = contractCase;
      const reason = reasons.get(id);
      if (reason === undefined) it(`${title} (${id})`, () => contractCase.run(harness), timeoutMs);
      else it(`does not apply: ${id}, ${reason}`, () => runSkipped(contractCase, harness), timeoutMs);
    }
  });
}
