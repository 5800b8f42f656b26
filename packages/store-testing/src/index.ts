// What tests and the processes that they start both use; `vitest` holds what only a test can use.

export { makeCertificate } from './certificate.ts';
export { churn, type ChurnOptions } from './churn.ts';
export { isRetryable, lostBy, startLoad } from './load.ts';
export { openAtOnce, parameterOfProcess, tryToOpen } from './opening.ts';
export { checkpoint, claimOf, HELD, leaseOf, newHead, newTask, NOW_MS, ROOMY, stored } from './tasks.ts';
export { until } from './until.ts';
