import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** An address behind which the server may change, and whose answers may be lost. */
export interface SwitchingProxy {
  readonly port: number;
  /** Where new connections lead; those that are there stay where they are. */
  target: number;
  /** Which answers reach the client; default all. */
  passes: (answer: Buffer) => boolean;
  /** Connections that were asked for so far. */
  connections(): number;
  breakConnections(): void;
}

/** Listen until the test is over. */
export async function switchingProxy(target: number): Promise<SwitchingProxy> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((client) => {
    connections += 1;
    const upstream = connect(proxy.target, '127.0.0.1');
    const pair = [client, upstream];
    client.on('data', (data: Buffer) => upstream.write(data));
    upstream.on('data', (data: Buffer) => {
      if (proxy.passes(data)) client.write(data);
    });
    for (const socket of pair) {
      sockets.add(socket);
      const end = () => {
        for (const each of pair) each.destroy();
        sockets.delete(socket);
      };
      socket.on('error', end);
      socket.on('close', end);
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const breakConnections = () => {
    for (const socket of sockets) socket.destroy();
  };
  const proxy: SwitchingProxy = {
    port: (server.address() as AddressInfo).port,
    target,
    passes: () => true,
    connections: () => connections,
    breakConnections,
  };
  onTestFinished(() => {
    server.close();
    breakConnections();
  });
  return proxy;
}
