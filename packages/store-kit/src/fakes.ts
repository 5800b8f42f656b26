// The public surface of @mcp-tasks/store-kit/fakes: test doubles for code above a store. Adding a line here makes a promise.

export { answersLost, hintsThrough } from './fakes/faulty-store.ts';
export { fakeClock } from './fakes/fake-clock.ts';
export type { FakeClock } from './fakes/fake-clock.ts';

export { countingProxy } from './fakes/counting-proxy.ts';
export type { CountingProxy } from './fakes/counting-proxy.ts';
