/** One server, as the store asks it for its settings. */
export interface RedisNodeLike {
  /** Send a command to it. */
  call(command: string, ...args: string[]): Promise<unknown>;
  /** Names it in warnings. */
  readonly options?: { readonly host?: string | undefined; readonly port?: number | undefined };
}

/** What the store needs of an `ioredis` client (or of anything that behaves like one). */
export interface RedisClientLike {
  /** Run a script that the server knows, by its digest. */
  evalsha(sha1: string, numberOfKeys: number, ...args: string[]): Promise<unknown>;
  /** Run a script by its text. */
  eval(script: string, numberOfKeys: number, ...args: string[]): Promise<unknown>;
  /** Send any other command. */
  call(command: string, ...args: string[]): Promise<unknown>;
  /** A second connection of the same kind, for hints. */
  duplicate(): RedisSubscriberLike;
  /** The masters of a cluster; absent = the client talks to one server. */
  nodes?(role: 'master'): readonly RedisNodeLike[];
}

/** The connection on which hints arrive. */
export interface RedisSubscriberLike {
  /** Begin to hear the messages of a channel. */
  subscribe(channel: string): Promise<unknown>;
  /** Hear messages. */
  on(event: 'message', listener: (channel: string, message: string) => void): unknown;
  /** Hear what is wrong with the connection. */
  on(event: 'error', listener: (error: unknown) => void): unknown;
  /** It is connected, at first or again. */
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
   * Options of `ioredis` for the store's own connection (`tls`, `username`, `password`, …); what `url` says too, `url` says.
   * Defaults of the store: `connectTimeout` 5,000 ms, `commandTimeout` and `socketTimeout` 10,000 ms. Not for the caller:
   * `autoResendUnfulfilledCommands` is off and `maxRetriesPerRequest` 0, so that the driver sends no write twice, and
   * `reconnectOnError` leaves a server that has become a replica.
   */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  /** An `ioredis` client, or a `Cluster`, which `close()` leaves open. Takes the place of `url` and `config`. */
  readonly client?: RedisClientLike | undefined;
  /**
   * Name of the store inside the server; default `mcp-tasks`. All its keys begin with `{NAME}:`, so a cluster keeps one
   * store on one slot; several names spread the load. 1 to 64 characters without braces.
   */
  readonly name?: string | undefined;
  /**
   * Told when a server may lose acknowledged writes or evict tasks: at start, and once more for what is found later, which
   * ends nothing. Default `process.emitWarning`.
   */
  readonly onWarning?: ((message: string) => void) | undefined;
}
