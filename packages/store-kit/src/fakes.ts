// Test doubles for code above a store. Adding a line here makes a promise.

export { answersLost, hintsThrough } from './fakes/faulty-store.ts';
export { manualClock } from './fakes/manual-clock.ts';
export type { ManualClock } from './fakes/manual-clock.ts';

export { countingProxy } from './fakes/counting-proxy.ts';
export type { CountingProxy } from './fakes/counting-proxy.ts';
