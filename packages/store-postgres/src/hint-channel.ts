import type { TaskHint } from '@mcp-tasks/store';

/** What the channel needs of a `pg` client. */
export interface NotificationClient {
  connect(): Promise<unknown>;
  query(query: { readonly text: string; readonly values?: unknown[] }): Promise<unknown>;
  on(event: 'notification', listener: (message: { readonly payload?: string | undefined }) => void): unknown;
  on(event: 'error' | 'end', listener: () => void): unknown;
  end(): Promise<void>;
}

/** Options of a {@link HintChannel}. */
export interface HintChannelOptions {
  /** Makes a client on a direct connection; called again after the connection broke. */
  readonly client: () => NotificationClient;
  /** Name of the NOTIFY channel, a plain identifier. */
  readonly channel: string;
  /** Longest wait between two attempts to connect; default 5 s. */
  readonly maxReconnectDelayMs?: number | undefined;
}

const FIRST_RECONNECT_DELAY_MS = 50;

/**
 * Hints of changes between processes, on a connection of their own: sent coalesced after the write, never inside it.
 *
 * Listeners of this process hear at once. While the connection is down hints are lost, which a hint may be; it is
 * opened again, with growing pauses, for as long as somebody watches.
 */
export class HintChannel {
  readonly #options: HintChannelOptions;
  readonly #listeners = new Set<(hint: TaskHint) => void>();
  readonly #unsent = new Map<string, TaskHint>();
  #client: Promise<NotificationClient> | undefined;
  #isFlushing = false;
  #reconnect: NodeJS.Timeout | undefined;
  #reconnectDelayMs = FIRST_RECONNECT_DELAY_MS;
  #isClosed = false;

  constructor(options: HintChannelOptions) {
    this.#options = options;
  }

  /** Listen. @returns stops. @throws the driver's error - the first connection failed. */
  async watch(listener: (hint: TaskHint) => void): Promise<() => Promise<void>> {
    this.#listeners.add(listener);
    try {
      await this.#connected();
    } catch (error) {
      this.#listeners.delete(listener);
      throw error;
    }
    return async () => {
      this.#listeners.delete(listener);
    };
  }

  /** Tell everybody, soon; the latest hint of a task replaces one that was not sent yet. */
  send(hint: TaskHint): void {
    if (this.#isClosed) return;
    for (const listener of this.#listeners) listener(hint);
    this.#unsent.set(hint.taskId, hint);
    if (!this.#isFlushing) void this.#flush();
  }

  /** Close the connection; hints that were not sent are lost. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#reconnect);
    this.#listeners.clear();
    this.#unsent.clear();
    const client = await this.#client?.catch(() => undefined);
    await client?.end().catch(() => undefined); // a broken connection is closed already
  }

  async #flush(): Promise<void> {
    this.#isFlushing = true;
    // Writes that end in the same turn of the event loop share one statement.
    await new Promise(setImmediate);
    try {
      while (this.#unsent.size > 0 && !this.#isClosed) {
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
      this.#isFlushing = false;
    }
  }

  #connected(): Promise<NotificationClient> {
    this.#client ??= this.#connect();
    return this.#client;
  }

  async #connect(): Promise<NotificationClient> {
    const client = this.#options.client();
    let isLost = false;
    const lost = () => {
      if (isLost) return;
      isLost = true;
      this.#client = undefined;
      if (!this.#isClosed) this.#scheduleReconnect();
    };
    client.on('error', lost);
    client.on('end', lost);
    client.on('notification', ({ payload }) => {
      const hint = parseHint(payload);
      if (hint) for (const listener of this.#listeners) listener(hint);
    });
    try {
      await client.connect();
      await client.query({ text: `LISTEN ${this.#options.channel}` });
    } catch (error) {
      lost();
      await client.end().catch(() => undefined); // it never connected
      throw error;
    }
    this.#reconnectDelayMs = FIRST_RECONNECT_DELAY_MS;
    return client;
  }

  #scheduleReconnect(): void {
    if (this.#listeners.size === 0) return;
    clearTimeout(this.#reconnect);
    this.#reconnect = setTimeout(() => {
      this.#connected().catch(() => {
        this.#scheduleReconnect();
      });
    }, this.#reconnectDelayMs);
    this.#reconnect.unref();
    this.#reconnectDelayMs = Math.min(2 * this.#reconnectDelayMs, this.#options.maxReconnectDelayMs ?? 5_000);
  }
}

/** Anybody may NOTIFY on a channel: what is not a hint is passed over. */
function parseHint(payload: string | undefined): TaskHint | undefined {
  try {
    const hint = JSON.parse(payload ?? '') as Partial<TaskHint> | null;
    return typeof hint?.taskId === 'string' && typeof hint.version === 'number' && typeof hint.status === 'string'
      ? (hint as TaskHint)
      : undefined;
  } catch {
    return undefined;
  }
}
