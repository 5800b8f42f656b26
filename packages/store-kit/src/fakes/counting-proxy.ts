import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { StoreCost } from '../api/harness.ts';

/** Where the proxy listens, and what went through it. */
export interface CountingProxy {
  /** On 127.0.0.1. */
  readonly port: number;
  /** Round trips (a request, in however many packets, before its answer) and bytes in both directions. */
  cost(): StoreCost;
  /** Connections that were asked for so far, failed ones included. */
  connections(): number;
  /** Break every connection, now; new ones are taken. */
  breakConnections(): void;
  /** End every connection that goes through, and listen no more. */
  close(): Promise<void>;
}

/**
 * Stand between a store and the server that it talks to, on a port of one's own: counts, and breaks on demand.
 *
 * @example
 * const proxy = await countingProxy({ host: '127.0.0.1', port: 5432 });
 * console.log(proxy.cost());
 * await proxy.close();
 */
export async function countingProxy(target: { readonly host: string; readonly port: number }): Promise<CountingProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  const cost = { operations: 0, bytes: 0 };
  let connections = 0;
  const server = createServer((client) => {
    connections += 1;
    const upstream = connect(target);
    const pair = [client, upstream] as const;
    pairs.add(pair);
    let isAsking = false;
    const end = () => {
      pairs.delete(pair);
      for (const socket of pair) socket.destroy();
    };
    client.on('data', (data: Buffer) => {
      if (!isAsking) cost.operations += 1;
      isAsking = true;
      cost.bytes += data.length;
      upstream.write(data);
    });
    upstream.on('data', (data: Buffer) => {
      isAsking = false;
      cost.bytes += data.length;
      client.write(data);
    });
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', end);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const breakConnections = () => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cost: () => ({ ...cost }),
    connections: () => connections,
    breakConnections,
    async close() {
      server.close();
      breakConnections();
      await once(server, 'close');
    },
  };
}
