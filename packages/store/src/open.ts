// The public surface of @mcp-tasks/store/open. Adding a line here makes a promise.
import { memoryStore } from './memory/memory-store.ts';
import { lateStore } from './open/late-store.ts';
import { schemeOf, STORE_PACKAGES } from './open/store-urls.ts';
import type { TaskStore } from './port/task-store.ts';

/**
 * Make the store that a URL names: `sqlite:tasks.db`, `postgres://user:password@host/database`, `redis://host:6379/0`,
 * or `memory:`.
 *
 * The package of the store is loaded when the store is opened, and has to be installed. For the options of a store, call
 * the function of its package (`sqliteStore`, `postgresStore`, `redisStore`).
 *
 * @throws {TypeError} the URL has no scheme, or one that no store has. `open` of the store throws {TaskError}
 *   STORE_UNAVAILABLE when the package is not installed, and says how to install it.
 *
 * @example
 * const layer = createTasks({ store: openStore('sqlite:tasks.db') });
 */
export function openStore(url: string): TaskStore {
  if (typeof url !== 'string') throw new TypeError(`The URL of a store must be a string, not ${typeof url}.`);
  const scheme = schemeOf(url);
  if (scheme === 'memory') return memoryStore();
  const from = scheme !== undefined && Object.hasOwn(STORE_PACKAGES, scheme) ? STORE_PACKAGES[scheme] : undefined;
  if (from !== undefined) return lateStore(from, from.options(url));
  const given = scheme === undefined ? 'it has no scheme; for a file write "sqlite:tasks.db"' : `"${scheme}:" is none`;
  throw new TypeError(
    `The store URL must begin with "memory:", ${Object.keys(STORE_PACKAGES)
      .map((known) => `"${known}:"`)
      .join(', ')}: ${given}.`,
  );
}
