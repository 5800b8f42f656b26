import { once } from 'node:events';
import { connect as openSocket } from 'node:net';
import { PORT_VERSION, TaskError, type TaskHint, type TaskStore } from '@mcp-tasks/store';
import { framed } from './framed-socket.ts';
import type { ServedAnswer, ServedCall } from './served-store.ts';

const METHODS = ['create', 'get', 'update', 'findJoinable', 'list', 'due', 'claim', 'renew', 'deleteExpired'] as const;

/** Connect to a served store; also what a second process is told to do. */
export async function connect({ port }: { readonly port: number }): Promise<TaskStore> {
  const socket = openSocket(port, '127.0.0.1');
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  const listeners = new Set<(hint: TaskHint) => void>();
  let isClosed = false;
  let isWatching: Promise<unknown> | undefined;
  let lastId = 0;
  const frames = framed(socket, (message) => {
    const answer = message as ServedAnswer;
    if ('hint' in answer) {
      for (const listener of listeners) listener(answer.hint);
      return;
    }
    const asker = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('value' in answer) asker?.resolve(answer.value);
    else asker?.reject(answer.code ? new TaskError(answer.code, answer.message) : new TypeError(answer.message));
  });
  const call = (method: ServedCall['method'], input?: unknown) => {
    if (isClosed) return Promise.reject(closed());
    lastId += 1;
    const id = lastId;
    return new Promise<unknown>((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      frames.send({ id, method, input } satisfies ServedCall);
    });
  };
  await once(socket, 'connect');
  return {
    portVersion: PORT_VERSION,
    ...(Object.fromEntries(METHODS.map((method) => [method, (input: unknown) => call(method, input)])) as Pick<
      TaskStore,
      (typeof METHODS)[number]
    >),
    async watch(listener) {
      if (isClosed) throw closed();
      await (isWatching ??= call('watch'));
      const own = (hint: TaskHint) => {
        listener(hint);
      };
      listeners.add(own);
      return async () => {
        listeners.delete(own);
      };
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      for (const { reject } of waiting.values()) reject(closed());
      waiting.clear();
      frames.end();
      await once(socket, 'close');
    },
  };
}

function closed(): TaskError {
  return new TaskError('STORE_CLOSED', 'The connection is closed.');
}
