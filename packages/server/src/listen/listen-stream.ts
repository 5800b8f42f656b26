/**
 * One stream of `subscriptions/listen`: the acknowledgement, a snapshot of each granted task, then its changes until
 * all tasks are over. Task notifications are merged with those of the SDK. See SEP-2663, "Task Status Notifications",
 * and 2026-07-28, Subscriptions.
 */
import type { Clock } from '@mcp-tasks/store';
import type { AuthInfo } from '@modelcontextprotocol/server';
import { whenExpired } from '../request/expiry.ts';
import { frameSink } from './frame-sink.ts';
import {
  acknowledgeTasks,
  answeredId,
  grantsNothing,
  listenFailure,
  listenResult,
  readAcknowledgement,
  taskNotification,
} from './listen-messages.ts';
import type { TaskListenRequest } from './listen-request.ts';
import { frameData, readSseFrames, toFrame } from './sse-frames.ts';
import type { TaskFeed } from './task-feed.ts';

/** Sources that {@link openListenStream} merges into one stream. */
export interface ListenStreamOptions {
  readonly listen: TaskListenRequest;
  /** The changes of the granted tasks. Closed when the stream ends. */
  readonly feed: TaskFeed;
  readonly taskIds: readonly string[];
  readonly clock: Clock;
  /** 0 = no keep-alive comments. */
  readonly keepAliveMs: number;
  /** The SDK's answer to the request without `taskIds`. */
  readonly body: ReadableStream<Uint8Array>;
  /** When it expires, the stream ends as if the server had closed. */
  readonly authInfo: AuthInfo | undefined;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
  readonly reportError: (error: unknown) => void;
  /** Called once, when the stream is over and nothing of it is left. */
  readonly onEnd: () => void;
}

/** One open subscription over HTTP. */
export interface ListenStream {
  readonly readable: ReadableStream<Uint8Array>;
  /** Send no more of tasks; ends the stream gracefully when it carries nothing else. */
  close(): void;
}

/**
 * Merge the SDK's stream and the changes of tasks into one.
 *
 * The acknowledgement comes first, with the tasks added. When the SDK grants nothing beside them it ends its stream at
 * once: its result is kept back until all tasks are over, and the keep-alive is ours. Both sides wait for a client that
 * is slow to read.
 */
export function openListenStream(options: ListenStreamOptions): ListenStream {
  const { listen, feed, taskIds, clock, keepAliveMs, signal } = options;
  const reader = options.body.getReader();
  let stopKeepAlive = (): void => undefined;
  let stopTimer = (): void => undefined;

  const end = (): void => {
    if (!sink.close()) return;
    feed.close();
    stopKeepAlive();
    stopTimer();
    signal.removeEventListener('abort', end);
    // A body that failed has nothing left to cancel.
    reader.cancel().catch(() => undefined);
    options.onEnd();
  };
  const sink = frameSink(end);
  const fail = async (error: unknown): Promise<void> => {
    options.reportError(error);
    await sink.write(toFrame(listenFailure(listen.id, error)));
    end();
  };

  const closeFeed = (): void => {
    feed.close();
  };
  /** The SDK's stream goes on; its result would come when the server closes. */
  const endWithResult = (): void => {
    void sink.write(toFrame(listenResult(listen.id, undefined)));
    end();
  };

  const keepAlive = (): void => {
    stopKeepAlive = clock.after(keepAliveMs, () => {
      sink.offer(': keepalive');
      keepAlive();
    });
  };
  const sendTasks = async (): Promise<void> => {
    for (let record = await feed.next(); record !== undefined; record = await feed.next()) {
      const notification = taskNotification(record, listen);
      if (notification !== undefined) await sink.write(toFrame(notification));
    }
  };

  const merge = async (): Promise<void> => {
    let tasksSent: Promise<void> | undefined;
    let tasksOnly = false;
    let result: string | undefined;
    for await (const frame of readSseFrames(reader)) {
      const message = frameData(frame);
      const acknowledged = readAcknowledgement(message);
      if (acknowledged !== undefined) {
        tasksOnly = grantsNothing(acknowledged.notification);
        const endGracefully = tasksOnly ? closeFeed : endWithResult;
        stopTimer = whenExpired(clock, options.authInfo, endGracefully);
        await sink.write(toFrame(acknowledgeTasks(acknowledged.notification, taskIds)));
        tasksSent = sendTasks().catch(fail);
      } else if (tasksOnly && answeredId(message) === listen.id) {
        result = frame;
      } else {
        await sink.write(frame);
      }
    }
    if (tasksOnly && result !== undefined) {
      if (keepAliveMs > 0) keepAlive();
      await tasksSent;
      await sink.write(result);
    }
    end();
  };

  signal.addEventListener('abort', end);
  // Not before the caller has the stream that `onEnd` is about.
  if (signal.aborted) queueMicrotask(end);
  else merge().catch(fail);
  return {
    readable: sink.readable,
    close: closeFeed,
  };
}
