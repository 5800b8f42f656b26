import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { localhostHostValidation, localhostOriginValidation } from '@modelcontextprotocol/node';
import {
  bearerAuthChallengeResponse,
  verifyBearerToken,
  type AuthInfo,
  type OAuthTokenVerifier,
} from '@modelcontextprotocol/server';
import { answer, answerError, JSON_RPC_HTTP_ERROR } from './answers.ts';

const HOST = '127.0.0.1';
const PATH = '/mcp';

/** A request that a server received (which always has method and URL), with its caller where callers are told apart. */
export type AuthenticatedRequest = IncomingMessage & { method: string; url: string; auth?: AuthInfo };

/** Serves one MCP request. */
export type McpRequestHandler = (request: AuthenticatedRequest, response: ServerResponse) => Promise<void>;

/** A server that accepts requests. */
export interface HttpListener {
  readonly url: string;
  /** Accept nothing new and end every connection. */
  close(): Promise<void>;
}

/** Serve MCP on the loopback interface, with the guards that a local server needs in front. */
export async function listenHttp(options: {
  readonly port: number;
  readonly verifier: OAuthTokenVerifier | undefined;
  readonly handler: McpRequestHandler;
}): Promise<HttpListener> {
  const hostIsLocal = localhostHostValidation();
  const originIsLocal = localhostOriginValidation();

  const serve = async (request: AuthenticatedRequest, response: ServerResponse): Promise<void> => {
    if (!hostIsLocal(request, response) || !originIsLocal(request, response)) return;
    if (request.url.split('?', 1)[0] !== PATH) {
      answerError(response, 404, JSON_RPC_HTTP_ERROR, `Nothing is served here; MCP is at ${PATH}.`);
      return;
    }
    if (options.verifier !== undefined) {
      try {
        request.auth = await verifyBearerToken(request.headers.authorization, { verifier: options.verifier });
      } catch (error) {
        await answer(response, bearerAuthChallengeResponse(error));
        return;
      }
    }
    await options.handler(request, response);
  };

  const server = createServer((request, response) => {
    serve(request as AuthenticatedRequest, response).catch((error: unknown) => {
      console.error(error);
      if (response.headersSent) response.destroy();
      else answerError(response, 500, JSON_RPC_HTTP_ERROR, 'Internal error');
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, HOST, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${HOST}:${port}${PATH}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
