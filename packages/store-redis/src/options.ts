import { checkOptions, option, type OptionTableOf } from '@mcp-tasks/wire';

/** One server, as the store asks it for its settings. */
export interface RedisNodeLike {
  /** Send a command to the server. */
  call(command: string, ...args: string[]): Promise<unknown>;
  /** Host and port, which name the server in warnings. */
  readonly options?: { readonly host?: string | undefined; readonly port?: number | undefined };
}

/** The part of an `ioredis` client (or of an object that behaves like one) that the store needs. */
export interface RedisClientLike {
  /** Run a script that the server knows, by its digest. */
  evalsha(sha1: string, numberOfKeys: number, ...args: string[]): Promise<unknown>;
  /** Run a script by its text. */
  eval(script: string, numberOfKeys: number, ...args: string[]): Promise<unknown>;
  /** Send any other command. */
  call(command: string, ...args: string[]): Promise<unknown>;
  /** Make a second connection of the same kind, for hints. */
  duplicate(): RedisSubscriberLike;
  /** List the masters of a cluster; absent = the client talks to one server. */
  nodes?(role: 'master'): readonly RedisNodeLike[];
}

/** The connection on which hints arrive. */
export interface RedisSubscriberLike {
  /** Subscribe to the messages of a channel. */
  subscribe(channel: string): Promise<unknown>;
  /** Listen for messages. */
  on(event: 'message', listener: (channel: string, message: string) => void): unknown;
  /** Listen for errors of the connection. */
  on(event: 'error', listener: (error: unknown) => void): unknown;
  /** Listen for the moment when it is connected, at first or again. */
  on(event: 'ready', listener: () => void): unknown;
  /** End the connection at once. */
  disconnect(): void;
}

/**
 * Options of `redisStore`.
 *
 * @example
 * const options: RedisStoreOptions = { client: redis, name: 'app-tasks' };
 * const layer = createTasks({ store: redisStore(options) });
 */
export interface RedisStoreOptions {
  /** `redis://user:password@host:port/db` or `rediss://…` for TLS. The store opens and closes its own connection. */
  readonly url?: string | undefined;
  /**
   * Options of `ioredis` for the store's own connection (`tls`, `username`, `password`, …). Where `url` sets the same
   * option, `url` wins. Defaults of the store: `connectTimeout` 5,000 ms, `commandTimeout` and `socketTimeout` 10,000
   * ms. Three options cannot be set: `autoResendUnfulfilledCommands` is off and `maxRetriesPerRequest` 0, so that the
   * driver sends no write twice, and `reconnectOnError` leaves a server that has become a replica.
   */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  /** An `ioredis` client, or a `Cluster`, which `close()` leaves open. Replaces `url` and `config`. */
  readonly client?: RedisClientLike | undefined;
  /**
   * Name of the store inside the server; default `mcp-tasks`. All its keys begin with `{NAME}:`, so a cluster keeps one
   * store on one slot; several names spread the load. 1 to 64 characters without braces.
   */
  readonly name?: string | undefined;
  /**
   * Receives a warning when a server may lose acknowledged writes or evict tasks: at start, and once for each later
   * finding, which does not close the store. Default `process.emitWarning`.
   */
  readonly onWarning?: ((message: string) => void) | undefined;
}

const REDIS_OPTIONS: OptionTableOf<RedisStoreOptions> = {
  url: option.text,
  config: option.object,
  client: option.methods('a client of ioredis, or an object like one', 'evalsha', 'eval', 'call', 'duplicate'),
  name: {
    expected: '1 to 64 characters without braces',
    fits: (value) => typeof value === 'string' && /^[^{}]{1,64}$/.test(value),
  },
  onWarning: option.callback,
};

/** Check the options of `redisStore`. @throws as {@link checkOptions} */
export function checkRedisOptions(options: RedisStoreOptions | undefined): RedisStoreOptions {
  checkOptions('redisStore', options, REDIS_OPTIONS);
  const { url, config, client } = options ?? {};
  if (url === undefined && config === undefined && client === undefined) {
    throw new TypeError('Give redisStore url, config or client.');
  }
  // The message does not show the value, since it may hold a password.
  if (url !== undefined && !(/^rediss?:\/\//.test(url) && URL.canParse(url))) {
    throw new TypeError(
      'url of redisStore must be of the form redis://user:password@host:port/database, or rediss://.',
    );
  }
  return { ...options };
}
