import { createRequire } from 'node:module';
import type { SqliteDatabaseLike } from '../../src/index.ts';

/** A driver of this Node.js. */
export interface Driver {
  readonly name: 'node:sqlite' | 'better-sqlite3';
  readonly open: (path: string) => SqliteDatabaseLike;
}

type DatabaseClass = new (path: string) => SqliteDatabaseLike;

/** The drivers that this Node.js can load: the built-in one from 22.13 on, the installed one where it was built for it. */
export const DRIVERS: readonly Driver[] = [
  driver('node:sqlite', () => {
    const { getBuiltinModule } = process as { getBuiltinModule?: (name: string) => unknown };
    return (getBuiltinModule?.('node:sqlite') as { DatabaseSync: DatabaseClass } | undefined)?.DatabaseSync;
  }),
  driver('better-sqlite3', () => createRequire(import.meta.url)('better-sqlite3') as DatabaseClass),
].flat();

/** The driver that the store takes by itself. */
export function firstDriver(): Driver {
  const [first] = DRIVERS;
  if (first === undefined) throw new TypeError('no SQLite driver: install better-sqlite3, or use Node.js 22.13');
  return first;
}

function driver(name: Driver['name'], load: () => DatabaseClass | undefined): readonly Driver[] {
  try {
    const Database = load();
    if (Database === undefined) return [];
    new Database(':memory:').close();
    return [{ name, open: (path) => new Database(path) }];
  } catch {
    return [];
  }
}
