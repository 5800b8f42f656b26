import type { TaskHint } from '@mcp-tasks/store';
import type { RedisClientLike, RedisSubscriberLike } from './options.ts';

const RETRY_MS = 1_000;

/** Hints that are listened to. */
export interface HintSubscription {
  /** Rejects with the driver's error when the first subscription fails; later ones are tried again. */
  readonly begun: Promise<void>;
  /** Safe to call twice, and before it has begun. */
  stop(): void;
}

/**
 * Listen to the hints of a channel, on a connection of its own. What is published while it is down is lost, which a hint may
 * be.
 */
export function subscribeToHints(
  client: RedisClientLike,
  channel: string,
  listener: (hint: TaskHint) => void,
): HintSubscription {
  const subscriber = duplicate(client);
  let isOver = false;
  let retry: NodeJS.Timeout | undefined;
  // The driver connects again by itself.
  subscriber.on('error', () => undefined);
  subscriber.on('message', (_channel, message) => {
    const hint = parseHint(message);
    // A connection may still deliver what came before it was told to end.
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

/** Turn off that the driver subscribes again by itself: a failure of that is a rejection without a handler, which ends the process. */
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
