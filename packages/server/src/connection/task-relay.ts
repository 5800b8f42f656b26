/**
 * How a 2025-11-25 client hears of a task without asking: `notifications/tasks/status`, `notifications/progress` for
 * the token of the original request, and the questions of the task, which go out on the stream of a waiting request.
 * See 2025-11-25, Tasks, "Task Notifications", "Task Progress Notifications" and "Input Required Status".
 */
import { TaskError, type TaskHead } from '@mcp-tasks/store';
import { isTerminalStatus, relatedTaskMeta } from '@mcp-tasks/wire';
import type { RequestId } from '@modelcontextprotocol/server';
import { statusNotification2025 } from '../show/codec-2025.ts';
import { readOpenQuestions } from '../show/entries.ts';
import type { EndTurn } from '../transport/outlet.ts';
import type { RelayConnection, RelayedTask, TaskNotification } from './relay-connection.ts';

interface OpenStream {
  readonly asked: Set<string>;
  readonly ended: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Follows one task of a 2025-11-25 connection until it is over or gone, or no stream listens: tells the client when
 * what it sees of the task changes, how far the work is, and what is asked.
 *
 * A notification goes out on one stream only: that of the latest `tasks/result`, else the connection's own. What
 * happens while one is on its way, until its reader has taken it, is not told step by step: the latest state follows.
 * Progress that was made before is not told again, since another stream may have carried it.
 *
 * @see 2025-11-25, Tasks, "Task Notifications", "Task Progress Notifications", "Input Required Status"
 */
export class TaskRelay {
  readonly #task: RelayedTask;
  readonly #connection: RelayConnection;
  readonly #onClose: () => void;
  readonly #stopWatching: () => void;
  readonly #streams = new Map<RequestId, OpenStream>();
  /** Each cancels a question that is to be asked again. */
  readonly #timers = new Set<() => void>();
  #shown: TaskHead;
  #next: TaskHead | 'gone' | undefined;
  /** Aborts when another stream is to be used. */
  #switched = new AbortController();
  #isRunning = false;
  #isOpen = true;

  constructor(task: RelayedTask, connection: RelayConnection, onClose: () => void) {
    this.#task = task;
    this.#connection = connection;
    this.#onClose = onClose;
    this.#shown = task.head;
    const stop = task.tasks.watch(task.head.taskId, (head) => {
      this.#next = head ?? 'gone';
      if (head === undefined) this.#switched.abort();
      void this.#run();
    });
    this.#stopWatching = stop;
  }

  get taskId(): string {
    return this.#task.head.taskId;
  }

  /**
   * Use the stream of a `tasks/result` request. Every open question goes out on it, also one that went out before.
   *
   * @returns resolves when the task is over or gone; never when the stream was left.
   */
  stream(requestId: RequestId): Promise<void> {
    return new Promise((ended, failed) => {
      this.#streams.set(requestId, { asked: new Set(), ended, failed });
      this.#switched.abort();
      this.#next ??= this.#shown;
      void this.#run();
    });
  }

  /** Give up the stream of a request. */
  leave(requestId: RequestId): void {
    this.#streams.delete(requestId);
    this.#switched.abort();
    if (this.#streams.size === 0 && !this.#task.isStandalone) this.close();
  }

  /**
   * Ask an open question once more, after a poll interval: a client that answers wrongly at once must not keep us busy.
   */
  askAgain(key: string): void {
    const cancel = this.#connection.clock.after(this.#shown.pollIntervalMs, () => {
      this.#timers.delete(cancel);
      for (const { asked } of this.#streams.values()) asked.delete(key);
      this.#next ??= this.#shown;
      void this.#run();
    });
    this.#timers.add(cancel);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#switched.abort();
    for (const cancel of this.#timers) cancel();
    this.#stopWatching();
    this.#onClose();
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    // The code that made or changed the relay goes on first.
    await Promise.resolve();
    try {
      while (this.#next !== undefined && this.#isOpen) {
        const endTurn = await this.#turn();
        await this.#tell().finally(endTurn);
      }
    } catch (error) {
      const isHeard = this.#streams.size > 0 || !this.#isOpen;
      if (!isHeard && !TaskError.is(error, 'TASK_NOT_FOUND')) this.#connection.reportError(error);
      this.#end(({ failed }) => {
        failed(error);
      });
    } finally {
      this.#isRunning = false;
    }
  }

  /** Wait until the reader of the stream that is used has taken all before. */
  async #turn(): Promise<EndTurn | undefined> {
    while (this.#isOpen && this.#next !== 'gone') {
      this.#switched = new AbortController();
      const endTurn = await this.#connection.turn(this.#latestStream, this.#switched.signal);
      if (endTurn !== undefined) return endTurn;
    }
    return undefined;
  }

  async #tell(): Promise<void> {
    const next = this.#next;
    this.#next = undefined;
    if (next === undefined || !this.#isOpen) return;
    if (next !== 'gone') await this.#show(next);
    if (next === 'gone' || isTerminalStatus(next.status))
      this.#end(({ ended }) => {
        ended();
      });
  }

  get #latestStream(): RequestId | undefined {
    return [...this.#streams.keys()].at(-1);
  }

  #end(end: (stream: OpenStream) => void): void {
    for (const stream of this.#streams.values()) end(stream);
    this.#streams.clear();
    this.close();
  }

  async #show(head: TaskHead): Promise<void> {
    const before = this.#shown;
    this.#shown = head;
    if (this.#task.isStandalone || this.#streams.size > 0) {
      if (isFurther(before, head)) await this.#showProgress(head);
      if (looksDifferent(before, head)) await this.#showStatus(head);
    }
    for (const [requestId, { asked }] of this.#streams) await this.#ask(requestId, asked, head);
  }

  async #showStatus(head: TaskHead): Promise<void> {
    const { entries } = await this.#task.tasks.get(head.taskId, ['published']);
    await this.#notify(statusNotification2025({ head, entries }));
  }

  async #showProgress({ taskId, progress }: TaskHead): Promise<void> {
    const { progressToken } = this.#task;
    if (progressToken === undefined || progress === undefined) return;
    const { done, total, message } = progress;
    await this.#notify({
      method: 'notifications/progress',
      params: {
        progressToken,
        progress: done,
        ...(total !== undefined && { total }),
        ...(message !== undefined && { message }),
        _meta: relatedTaskMeta(taskId),
      },
    });
  }

  #notify(notification: TaskNotification): Promise<void> {
    return this.#connection.notify(notification, this.#latestStream);
  }

  async #ask(requestId: RequestId, asked: Set<string>, { taskId, openQuestions }: TaskHead): Promise<void> {
    if (openQuestions.every((key) => asked.has(key))) return;
    const questions = readOpenQuestions(await this.#task.tasks.get(taskId, ['question']));
    for (const [key, request] of Object.entries(questions)) {
      if (asked.has(key)) continue;
      asked.add(key);
      await this.#connection.ask(requestId, { taskId, key, request });
    }
  }
}

/**
 * Progress notifications of a token rise strictly and end with the task. @see 2025-11-25, Progress, "Behavior
 * Requirements"
 */
function isFurther(before: TaskHead, head: TaskHead): boolean {
  return !isTerminalStatus(head.status) && (head.progress?.done ?? -Infinity) > (before.progress?.done ?? -Infinity);
}

/** Whether a client sees a difference in the task's status or in what is said of it. */
function looksDifferent(before: TaskHead, head: TaskHead): boolean {
  return (
    before.status !== head.status ||
    before.statusMessage !== head.statusMessage ||
    before.resultError !== head.resultError
  );
}
