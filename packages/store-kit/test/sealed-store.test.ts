import { memoryStore, sealed, type TaskStore } from '@mcp-tasks/store';
import { describeContract } from '../src/vitest.ts';
import { memoryHarness } from './support/memory-harness.ts';

const seal = (store: TaskStore) => sealed(store, { keys: [{ id: 'first', secret: new Uint8Array(32).fill(1) }] });
const memory = memoryHarness();

describeContract(
  '[BOUN-07] a sealed memory store',
  {
    model: () => seal(memoryStore()),
    // Nonce and tag have 28 bytes.
    entryBytes: ({ name, value }) =>
      Buffer.byteLength(name) + '"sealed:1:first:"'.length + Math.ceil(((Buffer.byteLength(value) + 28) * 4) / 3),
    async create() {
      const data = await memory.create();
      return { ...data, connect: async () => seal(await data.connect()) };
    },
  },
  { skips: [{ case: 'second-process', reason: 'the memory of this process is shared with no other' }] },
);
