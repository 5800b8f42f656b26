import type { CallToolResult, InputRequest, InputResponse, JsonObject } from '@mcp-tasks/wire';
import type { WireClient } from './wire-client.ts';

/**
 * How a call of the test client differs from the plain one.
 *
 * @example
 * await using client = await connectTestClient(tasks, { generation: '2025-11-25' });
 * const options: TestCallOptions = { ttlMs: 60_000 };
 * const started = await client.startTool('book_room', { day: '2026-07-01' }, options);
 */
export interface TestCallOptions {
  /** 2025-11-25: ask for a task of this lifetime; the server may grant less. */
  readonly ttlMs?: number | undefined;
  /** Sent as `_meta` of the call. */
  readonly meta?: JsonObject | undefined;
}

/** A call of a tool. */
export interface DrivenCall extends TestCallOptions {
  readonly name: string;
  readonly args: JsonObject;
}

/** The first answer of a call. */
export type StartedCall = { readonly taskId: string } | { readonly result: CallToolResult };

/** Means of a client by which a call is driven. */
export interface Driver {
  readonly wire: WireClient;
  request(method: string, params: JsonObject): Promise<JsonObject>;
  answer(question: InputRequest): Promise<InputResponse>;
}
