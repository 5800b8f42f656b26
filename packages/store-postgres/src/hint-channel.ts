import type { TaskHint } from '@mcp-tasks/store';
import { storeClosed } from './errors.ts';

/** The part of a `pg` client that the channel needs. */
export interface NotificationClient {
  connect(): Promise<unknown>;
  query(query: { readonly text: string; readonly values?: unknown[] }): Promise<unknown>;
  on(event: 'notification', listener: (message: { readonly payload?: string | undefined }) => void): unknown;
  on(event: 'error' | 'end', listener: () => void): unknown;
  end(): Promise<void>;
}

/** Options of a {@link HintChannel}. */
export interface HintChannelOptions {
  /** Make a client on a direct connection; called again after the connection broke. */
  readonly client: () => NotificationClient;
  /** Name of the NOTIFY channel, a plain identifier. */
  readonly channel: string;
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Hints of changes between processes, on a connection of their own: sent coalesced after the write, never inside it.
 *
 * Listeners of this process hear at once. While the connection is down, hints are lost, which is allowed. While there
 * is a listener, the channel connects again, with growing pauses. During a pause a write does not try to connect
 * either.
 */
export class HintChannel {
  readonly #options: HintChannelOptions;
  readonly #listeners = new Set<(hint: TaskHint) => void>();
  readonly #unsent = new Map<string, TaskHint>();
  #client: Promise<NotificationClient> | undefined;
  #flushing: Promise<void> | undefined;
  #pause: NodeJS.Timeout | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #isClosed = false;

  constructor(options: HintChannelOptions) {
    this.#options = options;
  }

  /** Listen to hints. @returns stops. @throws the driver's error - the first connection failed. */
  async watch(listener: (hint: TaskHint) => void): Promise<() => Promise<void>> {
    if (this.#isClosed) throw storeClosed();
    await this.#connected();
    this.#listeners.add(listener);
    return async () => {
      this.#listeners.delete(listener);
    };
  }

  /** Send a hint to all processes, soon; the latest hint of a task replaces one that was not sent yet. */
  send(hint: TaskHint): void {
    for (const listener of this.#listeners) listener(hint);
    if (this.#isClosed || this.#pause !== undefined) return;
    this.#unsent.set(hint.taskId, hint);
    this.#flushing ??= this.#flush();
  }

  /** Send the remaining hints, and close the connection. Safe to call twice. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#pause);
    this.#listeners.clear();
    await this.#flushing;
    const client = await this.#client?.catch(() => undefined);
    await client?.end().catch(() => undefined); // a broken connection is closed already
  }

  async #flush(): Promise<void> {
    // Writes that end in the same turn of the event loop share one statement.
    await new Promise(setImmediate);
    try {
      while (this.#unsent.size > 0) {
        const client = await this.#connected();
        const payloads = [...this.#unsent.values()].map((hint) => JSON.stringify(hint));
        this.#unsent.clear();
        await client.query({
          text: 'SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload',
          values: [this.#options.channel, payloads],
        });
      }
    } catch {
      this.#unsent.clear(); // a hint may be lost: no promise depends on it
    } finally {
      this.#flushing = undefined;
    }
  }

  #connected(): Promise<NotificationClient> {
    this.#client ??= Promise.resolve().then(() => this.#connect());
    return this.#client;
  }

  async #connect(): Promise<NotificationClient> {
    clearTimeout(this.#pause);
    this.#pause = undefined;
    let client: NotificationClient | undefined;
    let isLost = false;
    const lost = () => {
      if (isLost) return;
      isLost = true;
      this.#client = undefined;
      if (!this.#isClosed) this.#reconnectLater();
    };
    try {
      client = this.#options.client();
      client.on('error', lost);
      client.on('end', lost);
      client.on('notification', ({ payload }) => {
        const hint = parseHint(payload);
        if (hint) for (const listener of this.#listeners) listener(hint);
      });
      await client.connect();
      await client.query({ text: `LISTEN ${this.#options.channel}` });
    } catch (error) {
      lost();
      await client?.end().catch(() => undefined); // it may never have connected
      throw error;
    }
    this.#pauseMs = FIRST_PAUSE_MS;
    return client;
  }

  #reconnectLater(): void {
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      // A failure begins the next pause; without a listener the next hint to send connects.
      if (this.#listeners.size > 0) this.#connected().catch(() => undefined);
    }, this.#pauseMs);
    this.#pause.unref();
    this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
  }
}

/** Parse a payload; `undefined` when it is not a hint, since any client of the server may NOTIFY on a channel. */
function parseHint(payload: string | undefined): TaskHint | undefined {
  try {
    const hint = JSON.parse(payload ?? '') as Partial<TaskHint> | null;
    if (typeof hint?.taskId !== 'string' || typeof hint.version !== 'number' || typeof hint.status !== 'string') return;
    return hint.due === undefined || isDue(hint.due) ? (hint as TaskHint) : undefined;
  } catch {
    return undefined;
  }
}

function isDue(due: Partial<NonNullable<TaskHint['due']>> | null): boolean {
  return typeof due?.handler === 'string' && typeof due.queue === 'string' && typeof due.atMs === 'number';
}
