import { randomBytes } from 'node:crypto';
import { access, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CreatedProject, environmentOf, nodeOf, runScript, withServer } from '../src/created-project.ts';
import { type PackedWorkspace, packWorkspace } from '../src/packed-workspace.ts';
import { filesBelow } from '../src/repository.ts';

const { POSTGRES_URL = 'postgres://postgres@127.0.0.1:5432/postgres', REDIS_URL = 'redis://127.0.0.1:6379' } =
  process.env;
const TRANSPORTS = ['stdio', 'http'] as const;
const STORES = ['memory', 'sqlite', 'postgres', 'redis'] as const;
const LANGUAGES = ['typescript', 'javascript'] as const;
/** Names are also those of schemas and keys on servers that others use too. */
const PREFIX = `made-${randomBytes(3).toString('hex')}`;

interface Combination {
  readonly name: string;
  readonly transport: (typeof TRANSPORTS)[number];
  readonly store: (typeof STORES)[number];
  readonly language: (typeof LANGUAGES)[number];
}

const COMBINATIONS: readonly Combination[] = TRANSPORTS.flatMap((transport) =>
  STORES.flatMap((store) =>
    LANGUAGES.map((language) => ({
      name: `${PREFIX}-${transport}-${store}-${language}`,
      transport,
      store,
      language,
    })),
  ),
);

/** A server on which projects keep their tasks, or a file of theirs. */
interface Place {
  readonly environment: Readonly<Record<string, string>>;
  /** How many tasks a project has left there. */
  countTasks(project: CreatedProject & { readonly name: string }): Promise<number>;
  /** Remove what projects left. */
  close(): Promise<void>;
}

const schemaOf = (name: string) => `mcp_${name.replaceAll('-', '_')}`;
const nothing = () => Promise.resolve();

const PLACES: Readonly<Record<Combination['store'], () => Promise<Place>>> = {
  memory: () => Promise.resolve({ environment: {}, countTasks: () => Promise.resolve(1), close: nothing }),
  // Only newer ones bring SQLite.
  sqlite: async () => ({
    environment: environmentOf(await nodeOf('22')),
    countTasks: ({ directory }) => access(path.join(directory, 'tasks.db')).then(() => 1),
    close: nothing,
  }),
  postgres: async () => {
    const client = new pg.Client({ connectionString: POSTGRES_URL });
    await client.connect();
    return {
      environment: { DATABASE_URL: POSTGRES_URL },
      async countTasks({ name }) {
        const { rows } = await client.query<{ tasks: number }>(
          `SELECT count(*)::int AS tasks FROM ${schemaOf(name)}.tasks`,
        );
        return rows[0]?.tasks ?? 0;
      },
      async close() {
        const { rows } = await client.query<{ name: string }>(
          'SELECT nspname AS name FROM pg_namespace WHERE starts_with(nspname, $1)',
          [schemaOf(PREFIX)],
        );
        for (const { name } of rows) await client.query(`DROP SCHEMA ${name} CASCADE`);
        await client.end();
      },
    };
  },
  redis: async () => {
    const client = new Redis(REDIS_URL, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null });
    await client.connect();
    const keysOf = (name: string) => client.keys(`{${name}*`);
    return {
      environment: { REDIS_URL },
      countTasks: async ({ name }) => ((await keysOf(name)).length > 0 ? 1 : 0),
      async close() {
        const keys = await keysOf(PREFIX);
        if (keys.length > 0) await client.del(keys);
        client.disconnect();
      },
    };
  },
};

describe('a project of npm create mcp-tasks', () => {
  let workspace: PackedWorkspace;
  const places = new Map<Combination['store'], Place>();
  const missing = new Map<Combination['store'], string>();

  beforeAll(async () => {
    for (const store of STORES) {
      await PLACES[store]().then(
        (place) => places.set(store, place),
        (error: unknown) => {
          if (process.env['CI'] === 'true') throw error;
          missing.set(store, `What ${store} needs is not here: ${String(error)}`);
        },
      );
    }
    // The packed command writes all projects; then one installation gives each what its own package.json names.
    workspace = await packWorkspace(['create-mcp-tasks']);
    for (const { name, transport, store, language } of COMBINATIONS) {
      const options = ['--transport', transport, '--store', store, '--language', language];
      await workspace.run('node_modules/.bin/create-mcp-tasks', name, ...options);
    }
    await workspace.installProjects(`${PREFIX}-*`);
  }, 300_000);

  afterAll(async () => {
    for (const place of places.values()) await place.close();
    await workspace.remove();
  });

  it.concurrent.for(COMBINATIONS)(
    'compiles, passes its test, and its client gets the result of a task: $transport, $store, $language',
    { timeout: 120_000 },
    async ({ name, transport, store }, context) => {
      const place = places.get(store);
      if (place === undefined) return context.skip(missing.get(store));
      const directory = path.join(workspace.directory, name);
      const project = { directory, environment: place.environment };
      // In TypeScript both scripts compile first, and stop at a fault.
      expect(await runScript(project, 'test')).toMatch(/pass 1\n/);
      const runClient = (environment: object) =>
        runScript({ directory, environment: { ...place.environment, ...environment } }, 'client');
      const printed =
        transport === 'stdio' ? await runClient({}) : await withServer(project, (port) => runClient({ PORT: port }));
      expect(printed).toMatch(/^Task [\w-]{36} started\.\n/);
      expect(printed).toMatch(/wrote (sales|costs)/);
      expect(printed).toContain(String.raw`text: 'sales of 2026-07\ncosts of 2026-07\noutlook of 2026-07'`);
      expect(await place.countTasks({ ...project, name })).toBe(1);
      return undefined;
    },
  );

  it('has at most eight files, and no word of the template is left in them', async () => {
    for (const { name } of COMBINATIONS) {
      const directory = path.join(workspace.directory, name);
      const written = (await filesBelow(directory, /^(?!tasks\.db)/)).filter((file) => file !== 'pnpm-lock.yaml');
      expect(written.length, name).toBeLessThanOrEqual(8);
      expect(await readdir(directory), name).toContain('.gitignore');
      for (const file of written) {
        expect(await readFile(path.join(directory, file), 'utf8'), `${name}/${file}`).not.toMatch(/\{\{|\}\}/);
      }
    }
  });
});
