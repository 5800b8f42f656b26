import type { ElicitParams2026, ElicitResult } from '../elicitation.ts';
import type { JsonObject } from '../json.ts';
import type { CreateMessageParams, CreateMessageResult } from '../sampling.ts';

/** Asks the person behind the client. */
export interface ElicitRequest2026 {
  readonly method: 'elicitation/create';
  readonly params: ElicitParams2026;
}

/** Asks the client's model. */
export interface CreateMessageRequest2026 {
  readonly method: 'sampling/createMessage';
  readonly params: CreateMessageParams;
}

/** Asks for the client's roots. */
export interface ListRootsRequest2026 {
  readonly method: 'roots/list';
  readonly params?: JsonObject | undefined;
}

/** One question to the client. @see 2026-07-28, Multi Round-Trip Requests */
export type InputRequest2026 = ElicitRequest2026 | CreateMessageRequest2026 | ListRootsRequest2026;

/** Questions by key; a key is unique for the life of its task. @see SEP-2663, "Task Update Requests" */
export type InputRequests2026 = Record<string, InputRequest2026>;

/** A place that the client lets the server work in. */
export interface Root2026 {
  readonly uri: string;
  readonly name?: string | undefined;
  readonly _meta?: Record<string, unknown> | undefined;
}

/** Answer to `roots/list`. */
export interface ListRootsResult2026 {
  readonly roots: Root2026[];
}

/** One answer: the result of the question's method. */
export type InputResponse2026 = ElicitResult | ListRootsResult2026 | CreateMessageResult;

/** Answers by the keys of their questions. */
export type InputResponses2026 = Record<string, InputResponse2026>;
