import type { Leave } from '@mcp-tasks/runner/engine';
import {
  type JSONRPCMessage,
  type JSONRPCNotification,
  type RequestId,
  SERVER_INFO_META_KEY,
} from '@modelcontextprotocol/server';
import { type GrantedTasks, grantTasks, type ListenRefusal, refusal } from './listen-grant.ts';
import type { ListenHost } from './listen-host.ts';
import {
  acknowledgeTasks,
  answeredId,
  grantsNothing,
  listenFailure,
  listenResult,
  readAcknowledgement,
  type ServerInfo,
  taskNotification,
} from './listen-messages.ts';
import { isRequestId, readTaskListen, type TaskListenRequest } from './listen-request.ts';
import { openTaskFeed, type TaskFeed } from './task-feed.ts';

/** The two directions of the connection that {@link listenOverConnection} sits on. */
export interface ListenConnectionEnds {
  /** Hand a message to the SDK. */
  readonly deliver: (message: JSONRPCMessage) => void;
  /** Send a message to the client; resolves when the client's pipe takes more. */
  readonly send: (message: JSONRPCMessage) => Promise<void>;
}

/** A connection able to serve `subscriptions/listen` with `taskIds`. */
export interface ListenOverConnection {
  /** Take a message from the client. */
  readonly receive: (message: JSONRPCMessage) => void;
  /** Take a message from the SDK. */
  readonly send: (message: JSONRPCMessage) => Promise<void>;
  /** The connection is over: stop watching. */
  close(): void;
}

interface Subscription {
  readonly listen: TaskListenRequest;
  /** The answer in place of the SDK's acknowledgement; undefined while it is looked up. */
  decided?: GrantedTasks | ListenRefusal;
  feed?: TaskFeed;
  /** Gives back the place among the caller's streams. */
  leave?: Leave;
}

/**
 * Serve `taskIds` of `subscriptions/listen` on a connection that all requests share (stdio).
 *
 * The SDK gets the request without `taskIds` and checks it; its acknowledgement is rewritten on its way out. A
 * subscription ends by `notifications/cancelled`, by the SDK's result at shutdown, or, when it carries nothing but
 * tasks, when all are over.
 *
 * @see SEP-2663, "Task Status Notifications"; 2026-07-28, Subscriptions
 */
export function listenOverConnection(host: ListenHost, ends: ListenConnectionEnds): ListenOverConnection {
  const subscriptions = new Map<RequestId, Subscription>();
  let serverInfo: ServerInfo;

  const isOpen = (subscription: Subscription): boolean => subscriptions.get(subscription.listen.id) === subscription;
  const forget = (subscription: Subscription): void => {
    if (isOpen(subscription)) subscriptions.delete(subscription.listen.id);
    subscription.feed?.close();
    subscription.leave?.();
  };
  /** End it here and in the SDK, which sends nothing for it any more. */
  const finish = async (subscription: Subscription, last: JSONRPCMessage): Promise<void> => {
    forget(subscription);
    ends.deliver({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: subscription.listen.id } });
    await ends.send(last);
  };

  const begin = async (listen: TaskListenRequest): Promise<void> => {
    const subscription: Subscription = { listen };
    const replaced = subscriptions.get(listen.id);
    if (replaced !== undefined) forget(replaced);
    subscriptions.set(listen.id, subscription);
    const decided = refusal(listen) ?? (await grantTasks(host, listen, {}));
    subscription.decided = decided;
    if ('leave' in decided) subscription.leave = decided.leave;
    if (isOpen(subscription)) ends.deliver(listen.forwarded);
    else subscription.leave?.();
  };

  const sendTasks = async (subscription: Subscription, tasksOnly: boolean): Promise<void> => {
    const { listen, feed } = subscription;
    const next = () =>
      feed?.next().catch(async (error: unknown) => {
        host.reportError(error);
        if (isOpen(subscription)) await finish(subscription, listenFailure(listen.id, error));
        return undefined;
      });
    for (let record = await next(); record !== undefined; record = await next()) {
      const notification = taskNotification(record, listen);
      if (notification !== undefined) await ends.send(notification);
    }
    if (tasksOnly && isOpen(subscription)) await finish(subscription, listenResult(listen.id, serverInfo));
  };

  const acknowledge = async (subscription: Subscription, message: JSONRPCNotification): Promise<void> => {
    const { decided } = subscription;
    if (decided === undefined) return ends.send(message);
    if ('message' in decided) return finish(subscription, decided.message);
    if (decided.tasks === undefined) {
      // To this caller the server is one without tasks.
      forget(subscription);
      return ends.send(message);
    }
    subscription.feed = openTaskFeed(decided.tasks, decided.taskIds, host.clock);
    await ends.send(acknowledgeTasks(message, decided.taskIds));
    // The SDK goes on once the acknowledgement is out; the tasks follow in their own time.
    sendTasks(subscription, grantsNothing(message)).catch(() => {
      // Only a send can have failed: the transport reports that itself, and closes.
      forget(subscription);
    });
  };

  return {
    receive(message) {
      const listen = readTaskListen(message);
      if (listen !== undefined) {
        void begin(listen);
        return;
      }
      const cancelled = cancelledId(message);
      const subscription = cancelled === undefined ? undefined : subscriptions.get(cancelled);
      if (subscription !== undefined) forget(subscription);
      ends.deliver(message);
    },
    async send(message) {
      if ('result' in message) serverInfo = message.result._meta?.[SERVER_INFO_META_KEY] ?? serverInfo;
      const acknowledged = readAcknowledgement(message);
      const id = acknowledged?.id ?? answeredId(message);
      const subscription = id === undefined ? undefined : subscriptions.get(id);
      if (subscription === undefined) return ends.send(message);
      if (acknowledged !== undefined) return acknowledge(subscription, acknowledged.notification);
      forget(subscription);
      return ends.send(message);
    },
    close() {
      for (const subscription of subscriptions.values()) forget(subscription);
    },
  };
}

function cancelledId(message: JSONRPCMessage): RequestId | undefined {
  if (!('method' in message) || message.method !== 'notifications/cancelled') return undefined;
  const id: unknown = message.params?.['requestId'];
  return isRequestId(id) ? id : undefined;
}
