import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { TaskError, type TaskErrorCode, type TaskStore } from '@mcp-tasks/store';
import { framed, type FramedSocket } from './framed-socket.ts';

/** What a served store is asked. */
export interface ServedCall {
  readonly id: number;
  readonly method: Exclude<keyof TaskStore, 'portVersion' | 'open' | 'watch' | 'close'> | 'watch';
  readonly input: unknown;
}

/** What it answers, and the hints that it sends after a watch began. */
export type ServedAnswer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly code: TaskErrorCode | undefined; readonly message: string }
  | { readonly hint: Parameters<Parameters<NonNullable<TaskStore['watch']>>[0]>[0] };

/** A store behind a socket, which processes can share. */
export interface StoreServer {
  readonly port: number;
  cost(): { readonly operations: number; readonly bytes: number };
  close(): Promise<void>;
}

export async function serveStore(store: TaskStore): Promise<StoreServer> {
  let operations = 0;
  const sockets = new Map<Socket, FramedSocket>();
  const server = createServer((socket) => {
    let stopWatch: (() => Promise<void>) | undefined;
    const frames = framed(socket, (message) => {
      const call = message as ServedCall;
      operations += 1;
      answer(call).then(
        (value) => {
          frames.send({ id: call.id, value } satisfies ServedAnswer);
        },
        (error: unknown) => {
          const code = TaskError.is(error) ? error.code : undefined;
          frames.send({ id: call.id, code, message: String(error) } satisfies ServedAnswer);
        },
      );
    });
    const answer = async ({ method, input }: ServedCall): Promise<unknown> => {
      if (method === 'watch') {
        stopWatch = await store.watch?.((hint) => {
          frames.send({ hint } satisfies ServedAnswer);
        });
        return undefined;
      }
      return store[method]?.(input as never);
    };
    sockets.set(socket, frames);
    // A client that is killed resets its connection.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => void stopWatch?.());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    cost: () => ({ operations, bytes: [...sockets.values()].reduce((sum, { bytes }) => sum + bytes, 0) }),
    async close() {
      for (const socket of sockets.keys()) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
