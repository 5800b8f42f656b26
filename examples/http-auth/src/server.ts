import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { serveTasks } from '@mcp-tasks/server';
import {
  createMcpExpressApp,
  getOAuthProtectedResourceMetadataUrl,
  requireBearerAuth,
} from '@modelcontextprotocol/express';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { McpServer } from '@modelcontextprotocol/server';
import type { Issuer } from './issuer.ts';
import { limitRequests } from './limiter.ts';
import { tasks } from './tasks.ts';

/** A server that accepts requests. */
export interface LetterServer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serve MCP at `/mcp` to callers with a token of the issuer for this server.
 *
 * `serveTasks` takes the owner of a task from `iss` and `sub` of the verified token; nothing else is to be done.
 * `sameOwner` breaks that on purpose.
 */
export async function serveLetters(issuer: Issuer, options: { readonly sameOwner: boolean }): Promise<LetterServer> {
  const served = serveTasks(tasks, () => new McpServer({ name: 'letters', version: '1.0.0' }), {
    limiter: limitRequests({ requests: 500, inSeconds: 60 }),
    ...(options.sameOwner && { owner: () => 'everybody' }),
  });
  const mcp = toNodeHandler(served.http());

  const app = createMcpExpressApp();
  const listener = app.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/mcp`;

  const resourceMetadataUrl = getOAuthProtectedResourceMetadataUrl(new URL(url));
  app.all(
    '/mcp',
    requireBearerAuth({ verifier: issuer.verifierFor(url), resourceMetadataUrl }),
    // Express has read the body already, and hands `next` over where the adapter takes a body.
    (request, response) => mcp(request, response, request.body),
  );
  return {
    url,
    close: async () => {
      await served.close();
      listener.close();
      listener.closeAllConnections();
      await once(listener, 'close');
    },
  };
}
