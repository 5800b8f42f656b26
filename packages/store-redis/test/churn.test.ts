import { churn } from '@mcp-tasks/store-testing';
import { expect, it, onTestFinished } from 'vitest';
import { describeWithPrograms, ownServer } from './support/own-server.ts';
import { openStore, withRedis } from './support/redis.ts';

const MiB = 1024 * 1024;

describeWithPrograms('the memory of a server', () => {
  it('[BOUN-02] stays within twice the quota of an owner whose tasks live for a moment', async () => {
    const server = await ownServer({ settings: ['appendonly no'] });
    onTestFinished(() => server.remove());
    const store = await openStore({ url: server.url, name: 'tasks' });
    await withRedis(async (redis) => {
      const usedBytes = async () => Number(/^used_memory_dataset:(\d+)/m.exec(await redis.info('memory'))?.[1]);
      const beforeBytes = await usedBytes();
      const maxStoredBytes = 16 * MiB;
      let mostBytes = 0;
      const onPart = async () => {
        mostBytes = Math.max(mostBytes, (await usedBytes()) - beforeBytes);
      };
      const counts = await churn(store, { maxStoredBytes, entryBytes: MiB / 16, tasks: 2_000, forMs: 3_000, onPart });
      // Eight times the quota was written, and at times the owner was at it.
      expect(counts['created']).toBeGreaterThan(500);
      expect(counts['over-quota']).toBeGreaterThan(0);
      expect(mostBytes).toBeGreaterThan(maxStoredBytes / 2);
      expect(mostBytes).toBeLessThan(2 * maxStoredBytes);
    }, server.url);
  });
});
