/**
 * The one place where an author's factory is called. The SDK answers each of its faults with a bare error, so they are
 * told here, with what to do.
 */
import { messageOf, sentence } from '@mcp-tasks/runner/engine';
import type { McpRequestContext, McpServer } from '@modelcontextprotocol/server';
import type { TaskHost } from '../request/task-host.ts';
import { attachHost } from './attach.ts';
import { checkServer } from './sdk-copy.ts';

/** Makes the SDK's server for a request, a connection or a session. */
export type ServerFactory = (context: McpRequestContext) => McpServer | Promise<McpServer>;

/** Check what is known of a factory before its first call. @throws {TypeError} it is not a function that makes servers. */
export function checkFactory(caller: string, factory: unknown): void {
  const asFunction = `${caller} must be given a function that makes an McpServer for each connection`;
  if (typeof factory !== 'function') {
    const isServer = typeof factory === 'object' && factory !== null && 'connect' in factory;
    throw new TypeError(
      `${asFunction}, not ${isServer ? 'a server: write () => new McpServer(...)' : typeof factory}.`,
    );
  }
  if (/^class\b/u.test(Function.prototype.toString.call(factory))) {
    throw new TypeError(`${asFunction}, not a class: write () => new ${factory.name || 'McpServer'}(...).`);
  }
}

/**
 * Call the factory and attach the tasks to what it made.
 *
 * @throws what the factory threw, or a TypeError that says what is wrong with what it made. The host was told.
 */
export async function makeServer(
  host: TaskHost,
  factory: ServerFactory,
  context: McpRequestContext,
): Promise<McpServer> {
  let mcp: unknown;
  try {
    mcp = await factory(context);
  } catch (error) {
    throw told(host, 'The factory that makes the server threw', error);
  }
  try {
    checkServer(mcp as McpServer, 'The factory must return');
  } catch (error) {
    host.reportError(error);
    throw error;
  }
  const server = mcp as McpServer;
  if (server.isConnected()) {
    throw told(host, 'The factory must make a new server each time: it returned one that is connected already');
  }
  try {
    attachHost(host, server);
  } catch (error) {
    throw told(host, 'The server that the factory made cannot serve the tasks', error);
  }
  return server;
}

/** Tell the host, and make what the SDK is given. */
function told(host: TaskHost, what: string, cause?: unknown): TypeError {
  const fault =
    cause === undefined
      ? new TypeError(`${what}.`)
      : new TypeError(sentence(`${what}: ${messageOf(cause)}`), { cause });
  host.reportError(fault);
  return fault;
}
