import { until } from '@mcp-tasks/store-testing';
import { freePort, type OwnServer } from '@mcp-tasks/store-testing/vitest';
import { ownServer } from './own-server.ts';
import { withRedis } from './redis.ts';

const SLOTS = 16_384;

/** Make a cluster of that many masters, which have equal shares of the slots; it is whole when this resolves. */
export async function ownCluster(size: number): Promise<readonly OwnServer[]> {
  const servers = await Promise.all(
    Array.from({ length: size }, async () => {
      // The bus's own port would be 10,000 higher, which may be too high.
      const busPort = await freePort();
      const settings = ['cluster-enabled yes', 'cluster-announce-ip 127.0.0.1', `cluster-port ${busPort}`];
      return { ...(await ownServer({ settings })), busPort };
    }),
  );
  const [first] = servers;
  for (const [index, { url }] of servers.entries()) {
    const from = Math.floor((index * SLOTS) / size);
    const to = Math.floor(((index + 1) * SLOTS) / size) - 1;
    await withRedis(async (redis) => {
      // A number that each has to itself, in the place of the votes of a first start.
      await redis.call('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
      await redis.call('CLUSTER', 'ADDSLOTSRANGE', String(from), String(to));
      if (first && index > 0) {
        await redis.call('CLUSTER', 'MEET', '127.0.0.1', String(first.port), String(first.busPort));
      }
    }, url);
  }
  for (const { url } of servers) {
    await withRedis(async (redis) => {
      await until('a cluster that is whole', async () => {
        const info = await redis.cluster('INFO');
        return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${size}`);
      });
    }, url);
  }
  return servers;
}
