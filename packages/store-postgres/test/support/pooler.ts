import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Stands in for a transaction pooler in front of a server that asks for no password. */
export interface Pooler {
  readonly port: number;
  /** Server connections that transactions were handed to so far. */
  readonly hands: () => number;
  close(): Promise<void>;
}

const SYNC = 'S'.charCodeAt(0);
const QUERY = 'Q'.charCodeAt(0);
const READY = 'Z'.charCodeAt(0);
const IDLE = 'I'.charCodeAt(0);

/** Cut a stream of the protocol into messages: a type of one byte (left out by the first of a client), then the length. */
function messagesOf(onMessage: (message: Buffer) => void, hasTypedFirst: boolean): (data: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  let typeBytes = hasTypedFirst ? 1 : 0;
  return (data) => {
    rest = Buffer.concat([rest, data]);
    while (rest.length >= typeBytes + 4) {
      const bytes = typeBytes + rest.readUInt32BE(typeBytes);
      if (rest.length < bytes) return;
      onMessage(rest.subarray(0, bytes));
      rest = rest.subarray(bytes);
      typeBytes = 1;
    }
  };
}

/**
 * Hand each transaction of a client to the next of several server connections, as a transaction pooler may: what a session
 * keeps (prepared statements, settings, listening) is not there for the next transaction.
 */
export async function transactionPooler(
  target: { readonly host: string; readonly port: number },
  width = 3,
): Promise<Pooler> {
  const sockets = new Set<Socket>();
  let hands = 0;
  const server = createServer((client) => {
    const upstreams = Array.from({ length: width }, () => connect(target));
    const ready = new Set<Socket>();
    let turn = 0;
    const current = () => upstreams[turn % width] ?? client;
    const waiting: Buffer[] = [];
    const forward = () => {
      if (ready.size === width && waiting.length > 0) current().write(Buffer.concat(waiting.splice(0)));
    };
    for (const socket of [client, ...upstreams]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      const end = () => {
        for (const each of [client, ...upstreams]) each.destroy();
      };
      socket.on('error', end);
      socket.on('close', end);
    }
    let isStarted = false;
    client.on(
      'data',
      messagesOf((message) => {
        if (!isStarted) {
          isStarted = true;
          for (const upstream of upstreams) upstream.write(message);
          return;
        }
        waiting.push(message);
        if (message[0] === SYNC || message[0] === QUERY) forward();
      }, false),
    );
    for (const [index, upstream] of upstreams.entries()) {
      upstream.on(
        'data',
        messagesOf((message) => {
          if (!ready.has(upstream)) {
            // Of all the greetings the client sees one.
            if (index === 0) client.write(message);
            if (message[0] === READY) ready.add(upstream);
            forward();
            return;
          }
          client.write(message);
          if (message[0] !== READY || message[5] !== IDLE) return;
          turn += 1;
          hands += 1;
        }, true),
      );
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    hands: () => hands,
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
