import type { PostgresClientLike, PostgresPoolLike } from './options.ts';

type Connect = (
  callback: (error: Error, client?: PostgresClientLike) => void,
) => Promise<PostgresClientLike | undefined> | undefined;

/** The statement under way fails with the same, and so does the next one. */
const alreadyKnown = () => undefined;

/**
 * Take a client out of a pool, with a listener for the errors of its connection: without one, a connection that breaks
 * would end the process. {@link putBack} takes the listener off.
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
    // A pool of `pg` calls back as it takes its own listener off; what awaits a promise of it comes a moment later.
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
