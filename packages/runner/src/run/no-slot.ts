import type { RunSlot } from '../api/executor.ts';

/** For what takes no slot of an executor. */
export const NO_SLOT: RunSlot = { release: () => undefined, reacquire: async () => undefined };
