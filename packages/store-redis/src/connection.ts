import { Redis, type RedisOptions } from 'ioredis';
import { isOfReplica, storeError } from './errors.ts';
import type { RedisStoreOptions } from './options.ts';

const LONGEST_PAUSE_MS = 2_000;
/** Shortest time between two times of leaving a replica: behind its address there may be no primary yet. */
const REPLICA_PAUSE_MS = 1_000;

/** A connection that the store opens and closes itself. */
export interface OwnConnection {
  readonly client: Redis;
  /** Connect. @throws {TaskError} STORE_UNAVAILABLE - after one attempt. */
  connect(): Promise<void>;
  /** Disconnect. Safe to call twice, and before `connect`. */
  disconnect(): Promise<void>;
}

/** Make a connection that is not open yet. The options were checked. */
export function ownConnection({ url, config }: RedisStoreOptions): OwnConnection {
  // Before the first opening, a failure goes to the caller and is not tried again.
  let isOpen = false;
  const pauseMs = (times: number) => Math.min(50 * 2 ** times, LONGEST_PAUSE_MS);
  // The readers of replies expect the shapes of RESP 2.
  const options: RedisOptions & { replyMapping?: 'legacy' } = {
    // A call ends in bounded time, also when the server or the network fails.
    connectTimeout: 5_000,
    commandTimeout: 10_000,
    socketTimeout: 10_000,
    retryStrategy: pauseMs,
    ...config,
    lazyConnect: true,
    replyMapping: 'legacy',
    // The driver must not send a call twice. A call that was sent fails when its connection ends, since it may have
    // happened.
    // One that was not sent waits for the next attempt to connect.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    reconnectOnError: leaveReplica(config?.['reconnectOnError'] as RedisOptions['reconnectOnError']),
  };
  const retryStrategy = options.retryStrategy ?? (() => null);
  options.retryStrategy = (times) => (isOpen ? retryStrategy(times) : null);
  const client = url === undefined ? new Redis(options) : new Redis(url, options);
  let latest: unknown;
  // Each command reports an error of the connection; opening it relies on this event.
  client.on('error', (error: unknown) => {
    latest = error;
  });
  const disconnect = async () => {
    isOpen = false;
    const { status } = client;
    const ended = new Promise<void>((resolve) => {
      client.once('end', resolve);
    });
    client.disconnect();
    // Between two attempts there is nothing to end, and the driver emits no end.
    if (status !== 'end' && status !== 'reconnecting') await ended;
  };
  return {
    client,
    async connect() {
      latest = undefined;
      try {
        await client.connect();
      } catch (error) {
        throw storeError(latest ?? error, false);
      }
      // The driver goes on with database 0 when the requested database does not exist.
      if (latest !== undefined) {
        await disconnect();
        throw storeError(latest, false);
      }
      isOpen = true;
    },
    disconnect,
  };
}

/**
 * Connect again when the server answers that it is a replica: after a failover its address leads to another server. The
 * call itself fails, and the layers above send it again.
 */
function leaveReplica(also: RedisOptions['reconnectOnError']): (error: Error) => boolean {
  let leftAtMs = -Infinity;
  return (error) => {
    if (!isOfReplica(error)) return Boolean(also?.(error));
    if (performance.now() - leftAtMs < REPLICA_PAUSE_MS) return false;
    leftAtMs = performance.now();
    return true;
  };
}
