import type { TaskStore } from '@mcp-tasks/store';
import { settingsCheck } from './check-server.ts';
import { ownConnection } from './connection.ts';
import { checkSchema } from './migrate.ts';
import { checkRedisOptions, type RedisClientLike, type RedisStoreOptions } from './options.ts';
import { RedisTaskStore } from './redis-task-store.ts';
import { loadScripts, runScript } from './statements.ts';

/**
 * Keep tasks in Redis (6.2 or newer) or Valkey, shared by every process that names the same server and store name.
 *
 * Each create, update, claim, get and page is one script and one round trip. An acknowledged write survives a crash of the
 * server as far as `appendfsync` says. `open()` warns when that is not `always`, and refuses a server that may evict
 * keys. All keys of one store are on one slot of a cluster.
 *
 * @throws {TypeError} an option is unknown or of the wrong type; none of `url`, `config` and `client`; a `url` that is
 *   not of Redis; or a `name` out of range.
 *
 * @example
 * const layer = createTasks({ store: redisStore({ url: 'redis://127.0.0.1:6379' }) });
 */
export function redisStore(options: RedisStoreOptions): TaskStore {
  const checked = checkRedisOptions(options);
  const { name = 'mcp-tasks' } = checked;
  const own = checked.client ? undefined : ownConnection(checked);
  const client = (checked.client ?? own?.client) as RedisClientLike;
  const base = `{${name}}:`;
  const channel = `${base}hints`;
  const warn =
    checked.onWarning ??
    ((message: string) => {
      process.emitWarning(message, 'McpTasksWarning');
    });
  const settings = settingsCheck(client, warn);
  return new RedisTaskStore({
    client,
    base,
    channel,
    open: async () => {
      await own?.connect();
      try {
        // The client of a cluster knows the masters once the cluster has answered.
        if (client.nodes) await runScript({ client, base }, 'time', []);
        await settings.begin();
        await checkSchema({ client, base }, channel);
        await loadScripts({ client, base });
      } catch (error) {
        settings.end();
        await own?.disconnect();
        throw error;
      }
    },
    close: async () => {
      settings.end();
      await own?.disconnect();
    },
  });
}
