import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** The moment of a cut: before the request reaches the server, or after its answer has left it. */
export type CutMoment = 'before' | 'after';

/** A connection to a server that can be cut. */
export interface Proxy {
  /** Make the URL of a server lead through the proxy. */
  through(url: string): string;
  /**
   * Cut the next request, and refuse connections from then on. Resolves when it is cut. After the request: an answer
   * passes as long as `hasReached` says that the request is not done, since connections of a pool say more than that.
   */
  cutNext(moment: CutMoment, hasReached: () => Promise<boolean>): Promise<void>;
  /** End every connection, and refuse new ones. */
  refuse(): void;
  /** Hold back every byte, in both directions. */
  stall(): void;
  /** Let everything pass again, first what was held back. */
  mend(): void;
  close(): void;
}

/** One client and its connection to the server. */
interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  /** A request was let through whose answer is cut. */
  isAsked: boolean;
}

/** A cut that is to come. */
interface Cut {
  readonly moment: CutMoment;
  readonly hasReached: () => Promise<boolean>;
  readonly done: () => void;
}

/** Start a proxy on a free port, in front of the server of a URL. */
export async function startProxy(url: string): Promise<Proxy> {
  const targetPort = Number(new URL(url).port);
  const pairs = new Set<Pair>();
  let mode: 'pass' | 'refuse' | 'stall' = 'pass';
  let held: (() => void)[] = [];
  let cut: Cut | undefined;

  const refuse = () => {
    mode = 'refuse';
    held = [];
    for (const { client, server } of pairs) {
      client.destroy();
      server.destroy();
    }
  };
  const cutNow = () => {
    refuse();
    cut?.done();
    cut = undefined;
  };
  const pass = (to: Socket, bytes: Buffer) => {
    if (mode === 'stall') held.push(() => to.write(bytes));
    else to.write(bytes);
  };

  const listener = createServer((client) => {
    if (mode === 'refuse') {
      client.destroy();
      return;
    }
    const pair: Pair = { client, server: connect(targetPort, '127.0.0.1'), isAsked: false };
    const { server } = pair;
    pairs.add(pair);
    client.on('data', (bytes) => {
      if (cut?.moment === 'before') {
        cutNow();
        return;
      }
      if (cut !== undefined) pair.isAsked = true;
      pass(server, bytes);
    });
    server.on('data', (bytes) => {
      if (cut === undefined || !pair.isAsked) {
        pass(client, bytes);
        return;
      }
      server.pause();
      void cut.hasReached().then((isDone) => {
        if (isDone) cutNow();
        else pass(client, bytes);
        server.resume();
      });
    });
    for (const socket of [client, server]) {
      socket
        .on('error', () => undefined)
        .on('close', () => {
          pairs.delete(pair);
          client.destroy();
          server.destroy();
        });
    }
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;

  return {
    through: (address) => Object.assign(new URL(address), { port: String(port) }).href,
    cutNext: (moment, hasReached) =>
      new Promise((done) => {
        cut = { moment, hasReached, done };
      }),
    refuse,
    stall() {
      mode = 'stall';
    },
    mend() {
      mode = 'pass';
      for (const write of held.splice(0)) write();
    },
    close() {
      refuse();
      listener.close();
    },
  };
}
