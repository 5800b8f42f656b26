import pg from 'pg';
import { HintChannel } from './hint-channel.ts';
import type { PostgresPoolLike, PostgresStoreOptions } from './options.ts';

/** A call ends in bounded time, whatever becomes of server and network. */
const DEFAULTS: pg.PoolConfig = {
  connectionTimeoutMillis: 5_000,
  query_timeout: 10_000,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
  application_name: 'mcp-tasks',
};

/** What a store talks to its server through. */
export interface Connections {
  readonly pool: PostgresPoolLike;
  /** Undefined = this store neither sends hints to other processes nor hears theirs. */
  readonly hints: HintChannel | undefined;
  /** End what was opened here. */
  readonly close: () => Promise<void>;
}

/** Make the pool of a store, or take the one that it is handed. @throws {TypeError} a string is not of PostgreSQL. */
export function connections(options: PostgresStoreOptions, schema: string): Connections {
  const { connectionString, hints } = options;
  checkConnectionString('connectionString', connectionString);
  checkConnectionString('hints', hints === false ? undefined : hints);
  const config: pg.PoolConfig = {
    ...DEFAULTS,
    ...(connectionString !== undefined && { connectionString }),
    ...options.config,
  };
  const own = options.pool ? undefined : new pg.Pool(config);
  // A connection that breaks while idle is replaced at the next call, which reports what is wrong then.
  own?.on('error', () => undefined);
  return {
    pool: options.pool ?? (own as unknown as PostgresPoolLike),
    hints: hintChannel(options, config, schema),
    close: async () => own?.end(),
  };
}

/** What `pg` cannot read it would take for the name of a database on this machine. */
function checkConnectionString(option: string, value: unknown): void {
  if (value === undefined || (typeof value === 'string' && /^(postgres(ql)?:\/\/|socket:|\/)/.test(value))) return;
  throw new TypeError(`${option} of postgresStore must be of the form postgres://user:password@host:port/database.`);
}

function hintChannel(options: PostgresStoreOptions, config: pg.PoolConfig, schema: string): HintChannel | undefined {
  if (options.hints === false || (options.pool && options.hints === undefined)) return undefined;
  const direct = options.hints === undefined ? config : { ...config, connectionString: options.hints };
  return new HintChannel({ channel: `${schema}_hints`, client: () => new pg.Client(direct) });
}
