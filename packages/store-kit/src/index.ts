// The public surface of @mcp-tasks/store-kit. Adding a line here makes a promise.

// The contract
export { contractCases } from './contract-cases.ts';
export type { ContractCase, StorePromise } from './contract-case.ts';

// What a store's author gives
export type { StoreCost, StoreData, StoreHarness, StoreProcess } from './harness.ts';

// Skips, for bindings to a test runner
export { checkSkips, runSkipped } from './skips.ts';
export type { ContractSkip } from './skips.ts';
