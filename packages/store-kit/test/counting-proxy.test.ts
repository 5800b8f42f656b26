import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { countingProxy } from '../src/fakes.ts';

/** A server that answers a line to each line. */
async function lineServer(): Promise<{ readonly host: string; readonly port: number }> {
  const server = createServer((socket) => {
    socket.setEncoding('utf8').on('data', (text: string) => {
      if (text.endsWith('\n')) socket.write('12345\n');
    });
    socket.on('error', () => undefined); // broken on purpose
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

describe('countingProxy', () => {
  it('counts connections, round trips and bytes in both directions, and breaks connections', async () => {
    const proxy = await countingProxy(await lineServer());
    onTestFinished(() => proxy.close());
    const client = connect(proxy.port, '127.0.0.1');
    for (const request of ['a\n', 'bc\n']) {
      client.write(request);
      await once(client, 'data');
    }
    expect([proxy.connections(), proxy.cost()]).toEqual([1, { operations: 2, bytes: 17 }]);
    const closed = once(client, 'close');
    proxy.breakConnections();
    await closed;
    const again = connect(proxy.port, '127.0.0.1');
    again.write('d\n');
    await once(again, 'data');
    again.destroy();
    expect([proxy.connections(), proxy.cost().operations]).toEqual([2, 3]);
  });
});
