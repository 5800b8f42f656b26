import type { PostgresClientLike, PostgresPoolLike } from './options.ts';

type Connect = (
  callback: (error: Error, client?: PostgresClientLike) => void,
) => Promise<PostgresClientLike | undefined> | undefined;

/** Ignore the error of a connection: the statement under way fails with it too, and so does the next one. */
const alreadyKnown = () => undefined;

/**
 * Take a client out of a pool, with a listener for the errors of its connection. Without a listener, a connection that
 * breaks would end the process. {@link putBack} removes the listener.
 *
 * @throws the driver's error.
 */
export function checkOut(pool: PostgresPoolLike): Promise<PostgresClientLike> {
  return new Promise((resolve, reject) => {
    let isTaken = false;
    const take = (client: PostgresClientLike | undefined) => {
      if (isTaken || client === undefined) return;
      isTaken = true;
      client.on?.('error', alreadyKnown);
      resolve(client);
    };
    // A pool of `pg` calls back as it removes its own listener. Code that awaits its promise runs a moment later.
    const connect = pool.connect.bind(pool) as Connect;
    connect((error, client) => {
      if (client === undefined) reject(error);
      else take(client);
    })?.then(take, reject);
  });
}

/** Give a client back, or, with `isBroken`, end its connection. */
export function putBack(client: PostgresClientLike, isBroken: boolean): void {
  client.release(isBroken);
  // The pool listens again by now.
  client.removeListener?.('error', alreadyKnown);
}
