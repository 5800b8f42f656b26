import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TaskStore } from '@mcp-tasks/store';
import { postgresStore } from '@mcp-tasks/store-postgres';
import { redisStore } from '@mcp-tasks/store-redis';
import { sqliteStore } from '@mcp-tasks/store-sqlite';
import pg from 'pg';
import { until } from './until.ts';

/** A database of one test. */
export interface Database {
  /** `STORE_URL` of the servers. */
  readonly url: string;
  /** Another connection, to look at the records from outside. */
  connect(): TaskStore;
  remove(): Promise<void>;
}

/** A kind of database, and why it cannot be tested here (undefined = it can; with CI=true that is a failure instead). */
export interface DatabaseKind {
  readonly name: string;
  readonly missing: string | undefined;
  readonly create: () => Promise<Database>;
}

const POSTGRES_URL = process.env['POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres';

function needed(reason: string | undefined): string | undefined {
  if (reason !== undefined && process.env['CI'] === 'true') throw new TypeError(`missing in CI: ${reason}`);
  return reason;
}

async function whyNoSqlite(): Promise<string | undefined> {
  const store = sqliteStore({ path: ':memory:' });
  try {
    await store.open();
    return undefined;
  } catch (error) {
    return String(error);
  } finally {
    await store.close();
  }
}

async function query(text: string): Promise<void> {
  const client = new pg.Client({ connectionString: POSTGRES_URL, connectionTimeoutMillis: 3_000 });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

/** Files, which need no server, but a driver: Node.js 20 has none of its own. */
export const SQLITE: DatabaseKind = {
  name: 'SQLite',
  missing: needed(await whyNoSqlite()),
  async create() {
    const folder = await mkdtemp(path.join(tmpdir(), 'mcp-tasks-faults-'));
    const file = path.join(folder, 'tasks.db');
    return {
      url: `sqlite:${file}`,
      connect: () => sqliteStore({ path: file }),
      remove: () => rm(folder, { recursive: true, force: true }),
    };
  },
};

const postgres: DatabaseKind = {
  name: 'PostgreSQL',
  missing: needed(
    await query('SELECT 1').then(
      () => undefined,
      (error: unknown) => `no PostgreSQL at POSTGRES_URL (default 127.0.0.1:5432): ${String(error)}`,
    ),
  ),
  async create() {
    const name = `mcp_tasks_faults_${randomBytes(6).toString('hex')}`;
    await query(`CREATE DATABASE ${name}`);
    const url = new URL(POSTGRES_URL);
    url.pathname = `/${name}`;
    return {
      url: url.href,
      connect: () => postgresStore({ connectionString: url.href, hints: false }),
      remove: () => query(`DROP DATABASE ${name} WITH (FORCE)`),
    };
  },
};

/** A Redis server of one test, which keeps what it acknowledged. */
export interface OwnRedis extends Database {
  /** Kill the server and start it again on the same data and port. */
  restart(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Start a Redis server of one's own. */
export async function ownRedis(): Promise<OwnRedis> {
  const folder = await mkdtemp(path.join(tmpdir(), 'mcp-tasks-faults-redis-'));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const connect = () => redisStore({ url, onWarning: () => undefined });
  const start = async () => {
    const flags = [
      '--port',
      `${port}`,
      '--bind',
      '127.0.0.1',
      '--dir',
      folder,
      '--appendonly',
      'yes',
      '--appendfsync',
      'always',
      '--save',
      '',
    ];
    const child = spawn('redis-server', flags, { stdio: 'ignore' });
    await until('Redis answers', async () => {
      const store = connect();
      try {
        await store.open?.();
        return true;
      } catch {
        return false; // not yet
      } finally {
        await store.close();
      }
    });
    return child;
  };
  const kill = async (child: ReturnType<typeof spawn>) => {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  let child = await start();
  return {
    url,
    connect,
    async restart() {
      await kill(child);
      child = await start();
    },
    async remove() {
      await kill(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const redis: DatabaseKind = {
  name: 'Redis',
  missing: needed(
    spawnSync('redis-server', ['--version']).error === undefined ? undefined : 'no redis-server on the PATH',
  ),
  create: ownRedis,
};

/** Every kind of database that servers can share. */
export const DATABASES: readonly DatabaseKind[] = [SQLITE, postgres, redis];

/** Those of them that are servers, whose connections can be cut. */
export const SERVERS: readonly DatabaseKind[] = [postgres, redis];
