import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { StoreHarness } from '@mcp-tasks/store-kit';
import { describeContract } from '@mcp-tasks/store-kit/vitest';
import { connect } from './support/connect.ts';

const harness: StoreHarness = {
  async create() {
    const folder = await mkdtemp(path.join(tmpdir(), 'mcp-tasks-custom-store-'));
    return {
      connect: () => connect({ folder }),
      process: {
        module: new URL('./support/connect.ts', import.meta.url),
        data: { folder },
        execArgv: ['--conditions=@mcp-tasks/source', '--import', import.meta.resolve('tsx')],
      },
      async destroy() {
        await rm(folder, { recursive: true, force: true });
      },
    };
  },
};

describeContract('a folder of JSON files', harness, {
  skips: [
    { case: 'update-cost', reason: 'nothing counts what the file system does' },
    { case: 'get-owner-cost', reason: 'nothing counts what the file system does' },
    { case: 'list-cost', reason: 'a page looks at every task of its owner' },
    { case: 'sweep-cost', reason: 'a sweep looks at every task' },
    { case: 'claim-cost', reason: 'a claim looks at every task' },
    { case: 'due-others-cost', reason: 'a list of due tasks looks at every task' },
  ],
});
