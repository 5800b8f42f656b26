// The public surface of @mcp-tasks/store-kit/vitest: the contract as tests of vitest. Adding a line here makes a promise.
import { checkOptions, option, type OptionTableOf } from '@mcp-tasks/wire';
import { describe, it } from 'vitest';
import type { StoreHarness } from './api/harness.ts';
import { checkSkips, type ContractSkip, runSkipped } from './api/skips.ts';
import { contractCases } from './cases/contract-cases.ts';

/**
 * Options of {@link describeContract}.
 *
 * @example
 * declare const harness: StoreHarness;
 * const options: DescribeContractOptions = { timeoutMs: 120_000 };
 * describeContract('my store', harness, options);
 */
export interface DescribeContractOptions {
  /** Cases that do not apply, each with its reason; a skip whose case passes fails. */
  readonly skips?: readonly ContractSkip[] | undefined;
  /** Time for one case; default 60 s. */
  readonly timeoutMs?: number | undefined;
}

const CONTRACT_SKIP: OptionTableOf<ContractSkip> = { case: option.text, reason: option.text };

const CONTRACT_OPTIONS: OptionTableOf<DescribeContractOptions> = {
  skips: option.listOf(option.fields(CONTRACT_SKIP)),
  timeoutMs: option.integer(1),
};

/**
 * Register the whole contract as tests of one store.
 *
 * @throws {TypeError} an option is unknown or of the wrong type, or a skip names no case, names one twice, or has no reason.
 *
 * @example
 * declare const harness: StoreHarness;
 * describeContract('my store', harness, {
 *   skips: [{ case: 'watch-hints', reason: 'This store sends no hints to other processes.' }],
 * });
 */
export function describeContract(name: string, harness: StoreHarness, options: DescribeContractOptions = {}): void {
  checkOptions('describeContract', options, CONTRACT_OPTIONS);
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
