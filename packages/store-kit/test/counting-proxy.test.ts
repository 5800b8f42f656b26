import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countingProxy } from '../src/fakes.ts';

describe('countingProxy', () => {
  let server: Server;
  const host = '127.0.0.1';

  beforeEach(async () => {
    server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.on('data', (data) => socket.write(data));
    });
    server.listen(0, host);
    await once(server, 'listening');
  });
  afterEach(async () => {
    server.close();
    await once(server, 'close');
  });

  it('counts round trips and the bytes of both directions, and takes new connections after it broke the old ones', async () => {
    const proxy = await countingProxy({ host, port: (server.address() as AddressInfo).port });
    const ask = async (text: string) => {
      const socket = connect(proxy.port, host);
      socket.on('error', () => undefined);
      socket.write(text);
      const [answer] = (await once(socket, 'data')) as [Buffer];
      expect(answer.toString()).toBe(text);
      return socket;
    };
    const first = await ask('four');
    expect(proxy.cost()).toEqual({ operations: 1, bytes: 8 });
    const closed = once(first, 'close');
    proxy.breakConnections();
    await closed;
    const second = await ask('again');
    expect(proxy.cost()).toEqual({ operations: 2, bytes: 18 });
    second.destroy();
    await proxy.close();
  });
});
