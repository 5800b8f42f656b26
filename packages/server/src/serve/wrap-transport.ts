import type { Tasks } from '@mcp-tasks/runner';
import { checkOptions } from '@mcp-tasks/wire';
import type { Transport } from '@modelcontextprotocol/server';
import { listenHost } from '../listen/listen-host.ts';
import { listenOverConnection } from '../listen/stdio-listen.ts';
import { createHost, TASK_SERVER_OPTIONS, type TaskHost, type TaskServerOptions } from '../request/task-host.ts';
import { aroundTransport } from '../transport/around-transport.ts';

/** Transports that serve tasks already. */
const wrapped = new WeakSet<Transport>();

/**
 * Let a connection that all of a client's requests share (stdio) serve `subscriptions/listen` with `taskIds`
 * (2026-07-28).
 *
 * For the `transport` option of the SDK's `serveStdio`, whose factory makes servers with `attach`. The transport itself
 * is changed and given back; wrapping it again does nothing.
 *
 * @throws {TypeError} an option has the wrong type.
 * @throws {TaskError} COPIES_MIXED - `tasks` comes from another copy of its package.
 *
 * @example
 * const transport = wrapTransport(tasks, new StdioServerTransport());
 * attach(tasks, mcp);
 * await mcp.connect(transport);
 */
export function wrapTransport<Wire extends Transport>(
  tasks: Tasks,
  transport: Wire,
  options: TaskServerOptions = {},
): Wire {
  checkOptions('wrapTransport', options, TASK_SERVER_OPTIONS);
  return wrapTransportOf(createHost(tasks, options), transport);
}

/** {@link wrapTransport} for a host that exists. */
export function wrapTransportOf<Wire extends Transport>(host: TaskHost, transport: Wire): Wire {
  if (wrapped.has(transport)) return transport;
  wrapped.add(transport);
  let deliver: NonNullable<Transport['onmessage']> = () => undefined;
  let send = transport.send.bind(transport);
  const listening = listenOverConnection(listenHost(host), {
    deliver: (message) => {
      deliver(message);
    },
    send: (message) => send(message),
  });
  aroundTransport(transport, {
    receive(next) {
      deliver = next;
      return listening.receive;
    },
    send(next) {
      send = next;
      return listening.send;
    },
    closed() {
      listening.close();
    },
  });
  return transport;
}
