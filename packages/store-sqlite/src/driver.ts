import { createRequire } from 'node:module';
import { TaskError } from '@mcp-tasks/store';
import { cannotOpen } from './errors.ts';
import { makePrivateFile } from './private-file.ts';
import type { SqliteDatabaseLike } from './sqlite-database.ts';

type DatabaseClass = new (path: string) => SqliteDatabaseLike;

/** Finds the drivers; a test can take either away. */
export interface DriverSources {
  /** The built-in module, or undefined where Node.js lacks it. */
  readonly builtIn: () => { readonly DatabaseSync: DatabaseClass } | undefined;
  /** The package of the application. */
  readonly installed: () => unknown;
}

// `import` would fail where the module is missing; bundlers and type checks leave this form alone.
const SOURCES: DriverSources = {
  builtIn: () => {
    const { getBuiltinModule } = process as { getBuiltinModule?: (name: string) => unknown };
    return getBuiltinModule?.('node:sqlite') as ReturnType<DriverSources['builtIn']>;
  },
  installed: () => createRequire(import.meta.url)('better-sqlite3') as unknown,
};

/**
 * Open a database file with the driver that is there: the built-in `node:sqlite`, else better-sqlite3. A file that is
 * missing is made, for the user of this process alone.
 *
 * @throws {TaskError} STORE_UNAVAILABLE - there is no driver, or the file cannot be opened.
 */
export function openFile(path: string, sources: DriverSources = SOURCES): SqliteDatabaseLike {
  const Database = sources.builtIn()?.DatabaseSync ?? installedDriver(sources);
  makePrivateFile(path);
  try {
    return new Database(path);
  } catch (error) {
    throw cannotOpen(error);
  }
}

function installedDriver(sources: DriverSources): DatabaseClass {
  try {
    const Database = sources.installed() as DatabaseClass;
    // Its native part is loaded by the first connection: it may be missing, or built for another Node.js.
    new Database(':memory:').close();
    return Database;
  } catch (cause) {
    throw new TaskError(
      'STORE_UNAVAILABLE',
      `No SQLite driver: Node.js ${process.version} has no node:sqlite (22.13 has), and better-sqlite3 is not installed or was not built for it. Run: npm install better-sqlite3@12.`,
      { cause },
    );
  }
}
