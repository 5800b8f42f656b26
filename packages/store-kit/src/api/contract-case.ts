import type { StoreHarness } from './harness.ts';

/**
 * The promises of a store, by the numbers that the cases carry.
 *
 * 1 create · 2 get and expiry · 3 update and findJoinable · 4 list · 5 due, claim and renew · 6 deleteExpired · 7 watch · 8 time · 9 owners;
 * 10 is what holds for a store as a whole: closing, opening, crashes, answers that are lost.
 */
export type StorePromise = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10;

/** One thing that every store does. */
export interface ContractCase {
  /** Stable; what a skip names. */
  readonly id: string;
  /** A sentence about behaviour, with the ids of the requirements that it proves. */
  readonly title: string;
  readonly promise: StorePromise;
  /** Resolves when the store does it, rejects with an `AssertionError` that says what it did instead. */
  run(harness: StoreHarness): Promise<void>;
}
