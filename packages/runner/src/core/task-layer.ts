/**
 * The task layer from the inside: store, clock, hub, limits and tools, which every part of the runner receives as one
 * value. The two ways to write and to announce a write are here as well, so that a write always wakes local waiters and
 * emits its event. A status that changes is announced at once (2025-11-25, Tasks, "Task Status Notification").
 */
import { type Clock, TaskError, type TaskHead, type TaskLimits, type TaskStore } from '@mcp-tasks/store';
import { type ApplyOptions, applyRule, type Rule, type RuleOutcome, type WaiterHub } from '@mcp-tasks/store/rules';
import type { TaskEvent } from '../api/events.ts';
import type { TaskExecutor } from '../api/executor.ts';
import type { AuthorizeRequest } from '../api/tasks.ts';
import type { TraceContext } from '../api/tool.ts';
import type { ToolRegistry } from '../tool/registry.ts';
import type { LoopWatch } from './loop-watch.ts';
import type { RunSettings } from './settings.ts';
import type { Shares } from './shares.ts';

/** Values that the parts of one task layer share. */
export interface TaskLayer {
  readonly store: TaskStore;
  readonly clock: Clock;
  readonly limits: TaskLimits;
  readonly settings: RunSettings;
  readonly registry: ToolRegistry;
  readonly executor: TaskExecutor;
  /** Tell the executor that a task is due, or will be. */
  submit(head: TaskHead): void;
  readonly hub: WaiterHub;
  /** Name of this process start in leases. */
  readonly holder: string;
  /** Authorize a request; throws to refuse, after it emitted the event. */
  authorize(request: AuthorizeRequest, subject?: RefusalSubject): Promise<void> | undefined;
  emit(event: TaskEvent): void;
  /** True when {@link TaskLayer.emit} has a listener. */
  readonly hasListener: boolean;
  /**
   * Wait, after time moved (the machine was suspended, the server's clock was set), before a task is claimed or a step
   * begins: this process renews its leases and learns which it lost. `undefined` when time has not moved.
   */
  caughtUp(signal?: AbortSignal): Promise<void> | undefined;
  /** Report an error from background work. */
  reportError(error: unknown): void;
  readonly loopWatch: LoopWatch;
  readonly shares: Shares;
}

/** Fields of the event about a refusal, beside the request. */
interface RefusalSubject {
  readonly taskId?: string | undefined;
  readonly trace?: TraceContext | undefined;
}

/** Options of {@link writeByRule}. */
export interface WriteOptions extends ApplyOptions {
  /** Trace of the call that the events carry. */
  readonly trace: TraceContext | undefined;
}

/** Write by a rule, and announce the write. */
export async function writeByRule<Value>(
  layer: TaskLayer,
  task: TaskHead | string,
  rule: Rule<Value>,
  options: WriteOptions,
): Promise<RuleOutcome<Value>> {
  const outcome = await applyRule({ store: layer.store, clock: layer.clock, ...options }, task, rule);
  announce(layer, outcome, options.trace);
  return outcome;
}

/** After a write: wake local waiters and emit `status-changed`. */
export function announce(layer: TaskLayer, outcome: RuleOutcome<unknown>, trace: TraceContext | undefined): void {
  const { before, head, wrote } = outcome;
  if (!wrote) return;
  layer.hub.hint(head);
  if (before.status !== head.status) {
    tell(layer, head, trace, { type: 'status-changed', from: before.status, to: head.status });
  }
}

/** Fields of an event about a task, beside the task. */
type AboutTask = TaskEvent extends infer Event
  ? Event extends { readonly tool: string; readonly taskId: string }
    ? Omit<Event, 'taskId' | 'owner' | 'tool' | 'atMs' | 'trace'>
    : never
  : never;

/** Emit an event about a task. */
export function tell(layer: TaskLayer, head: TaskHead, trace: TraceContext | undefined, event: AboutTask): void {
  if (!layer.hasListener) return;
  const { taskId, owner, handler } = head;
  const about = { taskId, owner, tool: handler, atMs: layer.clock.nowMs(), ...(trace !== undefined && { trace }) };
  layer.emit({ ...about, ...event });
}

/** Make the function that emits events: a throwing listener changes nothing. */
export function safeListener(
  listener: ((event: TaskEvent) => void) | undefined,
  reportError: (error: unknown) => void,
): (event: TaskEvent) => void {
  return (event) => {
    try {
      const returned: unknown = listener?.(event);
      if (returned instanceof Promise) returned.catch(reportError);
    } catch (error) {
      reportError(error);
    }
  };
}

/** Make the error STORE_CLOSED: the task layer was closed. */
export function closedError(): TaskError {
  return new TaskError('STORE_CLOSED', 'The task layer is closed: this process takes no more tasks.', {
    retryable: true,
  });
}
