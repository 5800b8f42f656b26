import { brokenClaims } from './broken-claims.ts';
import { brokenCreates } from './broken-creates.ts';
import { brokenDues } from './broken-dues.ts';
import { brokenLeasesAndSweeps } from './broken-leases-and-sweeps.ts';
import { brokenReads } from './broken-reads.ts';
import type { BrokenStore } from './broken-store.ts';
import { brokenSums } from './broken-sums.ts';
import { brokenUpdates } from './broken-updates.ts';

/** For each case of the contract the store that breaks it. */
export const brokenStores: readonly BrokenStore[] = [
  ...brokenCreates,
  ...brokenUpdates,
  ...brokenReads,
  ...brokenLeasesAndSweeps,
  ...brokenClaims,
  ...brokenDues,
  ...brokenSums,
];
