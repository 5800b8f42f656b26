import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { localhostHostValidation, localhostOriginValidation } from '@modelcontextprotocol/node';
import {
  type AuthInfo,
  bearerAuthChallengeResponse,
  DEFAULT_MAX_REQUEST_BODY_SIZE,
  type OAuthTokenVerifier,
  verifyBearerToken,
} from '@modelcontextprotocol/server';
import { answer, answerError, JSON_RPC_HTTP_ERROR } from './answers.ts';

const HOST = '127.0.0.1';
const PATH = '/mcp';
const IDLE_CHECK_MS = 10;
const CLOSE_GRACE_MS = 1_000;

/** A request that a server received (which always has method and URL), with its caller where callers are told apart. */
type AuthenticatedRequest = IncomingMessage & { method: string; url: string; auth?: AuthInfo };

/** Serves one MCP request. */
export type McpRequestHandler = (request: AuthenticatedRequest, response: ServerResponse) => Promise<void>;

/** A server that accepts requests. */
export interface HttpListener {
  readonly url: string;
  /** Accept nothing new and end every connection, after a moment for answers that are being written. */
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
    // The SDK closes the connection upon such a body, so that a client that still writes may miss the answer.
    if (Number(request.headers['content-length']) > DEFAULT_MAX_REQUEST_BODY_SIZE) answerTooLarge(response);
    else await options.handler(request, response);
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
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      // Answers that are being written get out; streams that their clients leave open do not hold the process.
      const idle = setInterval(() => {
        server.closeIdleConnections();
      }, IDLE_CHECK_MS);
      const cut = setTimeout(() => {
        server.closeAllConnections();
      }, CLOSE_GRACE_MS);
      await closed;
      clearInterval(idle);
      clearTimeout(cut);
    },
  };
}

function answerTooLarge(response: ServerResponse): void {
  const message = `The body must not be larger than ${DEFAULT_MAX_REQUEST_BODY_SIZE} bytes.`;
  answerError(response, 413, JSON_RPC_HTTP_ERROR, message);
}
