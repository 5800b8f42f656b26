import type { TaskHint } from '@mcp-tasks/store';
import type { RedisClientLike, RedisSubscriberLike } from './options.ts';

const RETRY_MS = 1_000;

/** A subscription to hints. */
export interface HintSubscription {
  /** Rejects with the driver's error when the first subscription fails; later ones are tried again. */
  readonly begun: Promise<void>;
  /** Stop listening. Safe to call twice, and before it has begun. */
  stop(): void;
}

/**
 * Listen to the hints of a channel, on a connection of its own. Hints that are published while it is down are lost,
 * which is allowed.
 */
export function subscribeToHints(
  client: RedisClientLike,
  channel: string,
  listener: (hint: TaskHint) => void,
): HintSubscription {
  const subscriber = duplicate(client);
  let isOver = false;
  let retry: NodeJS.Timeout | undefined;
  // The driver reconnects by itself.
  subscriber.on('error', () => undefined);
  subscriber.on('message', (_channel, message) => {
    const hint = parseHint(message);
    // A connection may still deliver messages that came before the call to end it.
    if (hint && !isOver) listener(hint);
  });
  const subscribeAgain = () => {
    clearTimeout(retry);
    subscriber.subscribe(channel).catch(() => {
      if (!isOver) retry = setTimeout(subscribeAgain, RETRY_MS).unref();
    });
  };
  const begin = async () => {
    await subscriber.subscribe(channel);
    subscriber.on('ready', subscribeAgain);
  };
  return {
    begun: begin(),
    stop() {
      isOver = true;
      clearTimeout(retry);
      subscriber.disconnect();
    },
  };
}

/**
 * Copy a client without automatic resubscription: its failure would be a rejection without a handler, which ends the
 * process.
 */
function duplicate(client: RedisClientLike): RedisSubscriberLike {
  if (client.nodes) return client.duplicate(); // a cluster has another way
  const copy = client.duplicate.bind(client) as (options: object) => RedisSubscriberLike;
  return copy({ autoResubscribe: false });
}

function parseHint(message: string): TaskHint | undefined {
  const match = /^(\d+) (working|input_required|completed|failed|cancelled) (.+)$/su.exec(message);
  return match
    ? { version: Number(match[1]), status: match[2] as TaskHint['status'], taskId: match[3] ?? '' }
    : undefined;
}
