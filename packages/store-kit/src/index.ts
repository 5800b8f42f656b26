// The public surface of @mcp-tasks/store-kit. Adding a line here makes a promise.

// The contract
export { contractCases } from './cases/contract-cases.ts';
export type { ContractCase, StorePromise } from './api/contract-case.ts';

// What a store's author gives
export type { StoreCost, StoreData, StoreHarness, StoreProcess } from './api/harness.ts';

// Skips, for bindings to a test runner
export { checkSkips, runSkipped } from './api/skips.ts';
export type { ContractSkip } from './api/skips.ts';

// Random calls against a model
export { checkStore } from './model/check-store.ts';
export type { CheckStoreOptions, CheckStoreReport } from './model/check-store.ts';
