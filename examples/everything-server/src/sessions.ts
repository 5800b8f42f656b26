import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { NodeStreamableHTTPServerTransport, toNodeHandler, toWebRequest } from '@modelcontextprotocol/node';
import {
  isInitializeRequest,
  isLegacyRequest,
  type McpHttpHandler,
  type McpServer,
} from '@modelcontextprotocol/server';
import { answerError, JSON_RPC_HTTP_ERROR } from './answers.ts';
import type { AuthenticatedRequest, McpRequestHandler } from './http-server.ts';

const PARSE_ERROR = -32700;
const SESSION_NOT_FOUND = -32001;
/** Opening more closes the oldest. */
const MAX_SESSIONS = 1_000;

interface Session {
  readonly transport: NodeStreamableHTTPServerTransport;
  /** The caller who opened it; no other caller may use it, even with its id. */
  readonly subject: unknown;
}

/** 2025-11-25 clients with sessions: one server and one transport for each. */
export class Sessions {
  readonly #sessions = new Map<string, Session>();
  readonly #createServer: () => McpServer;

  constructor(createServer: () => McpServer) {
    this.#createServer = createServer;
  }

  /** Serve one request of a session, or open one. */
  async handle(request: AuthenticatedRequest, response: ServerResponse, body: unknown): Promise<void> {
    const id = request.headers['mcp-session-id'];
    const subject = request.auth?.extra?.['sub'];
    if (id === undefined && isInitializeRequest(body)) {
      const transport = await this.#open(subject);
      await transport.handleRequest(request, response, body);
      if (transport.sessionId === undefined) await transport.close();
      return;
    }
    const session = typeof id === 'string' ? this.#sessions.get(id) : undefined;
    if (id === undefined) {
      answerError(response, 400, JSON_RPC_HTTP_ERROR, 'Mcp-Session-Id is missing.');
    } else if (session === undefined || session.subject !== subject) {
      answerError(response, 404, SESSION_NOT_FOUND, 'Session not found');
    } else {
      await session.transport.handleRequest(request, response, body);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => session.transport.close()));
  }

  async #open(subject: unknown): Promise<NodeStreamableHTTPServerTransport> {
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: async (id) => {
        this.#sessions.set(id, { transport, subject });
        const [oldest] = this.#sessions.values();
        if (this.#sessions.size > MAX_SESSIONS) await oldest?.transport.close();
      },
    });
    transport.onclose = () => {
      if (transport.sessionId !== undefined) this.#sessions.delete(transport.sessionId);
    };
    await this.#createServer().connect(transport);
    return transport;
  }
}

/** Route 2025-11-25 requests to sessions and everything else to the SDK's handler. */
export function withSessions(sessions: Sessions, handler: McpHttpHandler): McpRequestHandler {
  const serveModern = toNodeHandler(handler);
  return async (request, response) => {
    const webRequest = await toWebRequest(request);
    const legacy = await isLegacyRequest(webRequest);
    const body = parseJson(await webRequest.text());
    if (!legacy) await serveModern(request, response, body);
    else if (request.method === 'POST' && body === undefined) answerError(response, 400, PARSE_ERROR, 'Parse error');
    else await sessions.handle(request, response, body);
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
