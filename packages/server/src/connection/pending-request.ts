import type { MessageExtraInfo, RequestId } from '@modelcontextprotocol/server';
import type { TaskRequest } from '../request/task-request.ts';
import type { TaskSlot } from './connection.ts';

/** A request that we answer ourselves, from its arrival until it is answered or given up. */
export class PendingRequest implements TaskSlot {
  readonly id: RequestId;
  readonly request: TaskRequest;
  readonly #extra: MessageExtraInfo | undefined;
  // Most requests are answered at once, and their signal is never read.
  #signal: AbortSignal | undefined;
  #abandon: AbortController | undefined;
  #isAbandoned = false;

  constructor(id: RequestId, request: TaskRequest, extra: MessageExtraInfo | undefined) {
    this.id = id;
    this.request = request;
    this.#extra = extra;
  }

  /** Aborts when the client gives the request up, leaves, or the connection is closed. */
  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      this.#abandon = new AbortController();
      this.#signal = AbortSignal.any([this.#abandon.signal, ...disconnect(this.#extra)]);
      if (this.#isAbandoned) this.#abandon.abort();
    }
    return this.#signal;
  }

  abandoned(): void {
    this.#isAbandoned = true;
    this.#abandon?.abort();
  }
}

/** Tells when an HTTP client leaves. One that can resume its stream has not left when that breaks. */
function disconnect(extra: MessageExtraInfo | undefined): AbortSignal[] {
  const signal = extra?.closeSSEStream === undefined ? extra?.request?.signal : undefined;
  return signal === undefined ? [] : [signal];
}
