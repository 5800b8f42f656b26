import { memoryStore } from '@mcp-tasks/store';
import type { StoreHarness } from '../src/index.ts';
import { describeContract } from '../src/vitest.ts';

/** All connections to the memory of a process are the one store. */
const harness: StoreHarness = {
  async create() {
    const store = memoryStore();
    return { connect: async () => store, destroy: () => store.close() };
  },
};

const ONE_PROCESS = 'the memory store lives in one process and ends with it';
const NO_COUNT = 'no statement or byte is there to count; its own tests count the records visited';
const ONE_STORE = 'all connections are one store, so closing one closes all';

describeContract('memoryStore', harness, {
  skips: [
    { case: 'second-process', reason: ONE_PROCESS },
    { case: 'crash-keeps', reason: ONE_PROCESS },
    { case: 'crash-whole', reason: ONE_PROCESS },
    { case: 'close-leaves-data', reason: ONE_STORE },
    { case: 'reopen-keeps', reason: ONE_STORE },
    { case: 'update-cost', reason: NO_COUNT },
    { case: 'claim-cost', reason: NO_COUNT },
    { case: 'due-others-cost', reason: NO_COUNT },
    { case: 'get-owner-cost', reason: NO_COUNT },
    { case: 'list-cost', reason: NO_COUNT },
    { case: 'sweep-cost', reason: NO_COUNT },
  ],
});
