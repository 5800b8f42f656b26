// Test doubles for code above a store. Adding a line here makes a promise.

export { answersLost, hintsThrough } from './faulty-store.ts';
export { manualClock } from './manual-clock.ts';
export type { ManualClock } from './manual-clock.ts';

export { countingProxy } from './counting-proxy.ts';
export type { CountingProxy } from './counting-proxy.ts';
