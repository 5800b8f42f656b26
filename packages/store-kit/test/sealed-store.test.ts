import { memoryStore, sealed, type TaskStore } from '@mcp-tasks/store';
import { describeContract } from '../src/vitest.ts';
import { memoryHarness } from './support/memory-harness.ts';

const keys = [{ id: 'first', secret: new Uint8Array(32).fill(1) }];
const model = (): TaskStore => sealed(memoryStore(), { keys });
const memory = memoryHarness();

describeContract(
  '[BOUN-07] a sealed memory store',
  {
    model,
    async create() {
      const data = await memory.create();
      return { ...data, connect: async () => sealed(await data.connect(), { keys }) };
    },
  },
  { skips: [{ case: 'second-process', reason: 'the memory of this process is shared with no other' }] },
);
