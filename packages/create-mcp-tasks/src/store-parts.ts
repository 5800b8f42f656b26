import type { Answers } from './answers.ts';

/** Parts that a store adds to a project. */
export interface StoreParts {
  /** Packages that the project depends on. */
  readonly packages: readonly string[];
  readonly import: string;
  /** Expression that makes the store. */
  readonly create: string;
  /** Paragraph of the README. */
  readonly note: string;
  /** Oldest Node.js that brings all that the store needs. */
  readonly node?: string;
}

/** The parts of each store, for a project of a name. */
export function storeParts({ name, store }: Answers): StoreParts {
  const parts: Readonly<Record<Answers['store'], StoreParts>> = {
    memory: {
      packages: ['@mcp-tasks/store'],
      import: "import { memoryStore } from '@mcp-tasks/store';",
      create: 'memoryStore()',
      note: 'Tasks are kept in memory and end with the process. Another store is one other line in `src/tasks`.',
    },
    sqlite: {
      packages: ['@mcp-tasks/store-sqlite'],
      import: "import { sqliteStore } from '@mcp-tasks/store-sqlite';",
      create: "sqliteStore({ path: process.env.TASKS_FILE ?? 'tasks.db' })",
      note: 'Tasks are kept in a SQLite file, at `TASKS_FILE` (without it: `tasks.db`, where the server was started). SQLite is part of Node.js 22.13 and newer; on an older one, also run `npm install better-sqlite3@12`.',
      node: '22.13',
    },
    postgres: {
      packages: ['@mcp-tasks/store-postgres', 'pg'],
      import: "import { postgresStore } from '@mcp-tasks/store-postgres';",
      create: `postgresStore({
    connectionString: process.env.DATABASE_URL ?? '${DATABASE_URL}',
    schema: '${schemaOf(name)}',
  })`,
      note: `Tasks are kept in PostgreSQL, at \`DATABASE_URL\` (without it: \`${DATABASE_URL}\`), in the schema \`${schemaOf(name)}\`, which the server makes.`,
    },
    redis: {
      packages: ['@mcp-tasks/store-redis', 'ioredis'],
      import: "import { redisStore } from '@mcp-tasks/store-redis';",
      create: `redisStore({
    url: process.env.REDIS_URL ?? '${REDIS_URL}',
    name: '${name}',
  })`,
      note: `Tasks are kept in Redis, at \`REDIS_URL\` (without it: \`${REDIS_URL}\`), under keys that begin with \`{${name}}:\`. Redis must not evict keys (\`maxmemory-policy noeviction\`, its default).`,
    },
  };
  return parts[store];
}

const DATABASE_URL = 'postgres://postgres@127.0.0.1:5432/postgres';
const REDIS_URL = 'redis://127.0.0.1:6379';

function schemaOf(name: string): string {
  return `mcp_${name.replaceAll('-', '_')}`;
}
