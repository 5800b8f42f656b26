import type { ServerResponse } from 'node:http';

/** Body of an HTTP-level refusal, as the MCP SDK's transports write it. */
export const JSON_RPC_HTTP_ERROR = -32000;

/** Write a small web response. */
export async function answer(response: ServerResponse, webResponse: Response): Promise<void> {
  response.writeHead(webResponse.status, Object.fromEntries(webResponse.headers));
  response.end(await webResponse.text());
}

/** Refuse a request before MCP sees it. */
export function answerError(response: ServerResponse, status: number, code: number, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ jsonrpc: '2.0', error: { code, message }, id: null }));
}
