import { checkHeadField, type TaskHint } from '@mcp-tasks/store';
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

/** Encode a hint as scripts do: a JSON list of texts. */
export function hintMessage({ taskId, version, status, due }: TaskHint): string {
  return JSON.stringify([String(version), status, taskId, ...(due ? [String(due.atMs), due.handler, due.queue] : [])]);
}

/** Read a hint; undefined = the message is something else, as the one of an opening store is. */
function parseHint(message: string): TaskHint | undefined {
  try {
    const parts = (JSON.parse(message) as readonly unknown[]).map(String);
    const [version = '', status, taskId = '', atMs, handler, queue] = parts;
    if (!/^\d+$/.test(version) || taskId === '') return undefined;
    checkHeadField('status', status);
    const hint = { taskId, version: Number(version), status: status as TaskHint['status'] };
    if (atMs === undefined || handler === undefined || queue === undefined) return hint;
    return { ...hint, due: { handler, queue, atMs: Number(atMs) } };
  } catch {
    return undefined;
  }
}
