import pg from 'pg';
import { HintChannel } from './hint-channel.ts';
import type { PostgresPoolLike, PostgresStoreOptions } from './options.ts';

/** Defaults with which a call ends in bounded time, also when the server or the network fails. */
const DEFAULTS: pg.PoolConfig = {
  connectionTimeoutMillis: 5_000,
  query_timeout: 10_000,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
  application_name: 'mcp-tasks',
};

/** Connections of a store to its server. */
export interface Connections {
  readonly pool: PostgresPoolLike;
  /** Undefined = this store neither sends hints to other processes nor hears theirs. */
  readonly hints: HintChannel | undefined;
  /** End the connections that were opened here. */
  readonly close: () => Promise<void>;
}

/** Make the pool of a store, or take the pool in its options, which were checked. */
export function connections(options: PostgresStoreOptions, schema: string): Connections {
  const { connectionString } = options;
  const config: pg.PoolConfig = {
    ...DEFAULTS,
    ...(connectionString !== undefined && { connectionString }),
    ...options.config,
  };
  const own = options.pool ? undefined : new pg.Pool(config);
  // The next call replaces a connection that breaks while idle, and reports the error if it cannot.
  own?.on('error', () => undefined);
  return {
    pool: options.pool ?? (own as unknown as PostgresPoolLike),
    hints: hintChannel(options, config, schema),
    close: async () => own?.end(),
  };
}

function hintChannel(options: PostgresStoreOptions, config: pg.PoolConfig, schema: string): HintChannel | undefined {
  if (options.hints === false || (options.pool && options.hints === undefined)) return undefined;
  const direct = options.hints === undefined ? config : { ...config, connectionString: options.hints };
  return new HintChannel({ channel: `${schema}_hints`, client: () => new pg.Client(direct) });
}
