import {
  applyRule,
  type Clock,
  type Rule,
  type RuleOutcome,
  TaskError,
  type TaskHead,
  type TaskLimits,
  type TaskStore,
  type WaiterHub,
} from '@mcp-tasks/store';
import type { TaskEvent } from '../api/events.ts';
import type { TaskExecutor } from '../api/executor.ts';
import type { AuthorizeRequest } from '../api/tasks.ts';
import type { TraceContext } from '../api/tool.ts';
import type { ToolRegistry } from '../tool/registry.ts';
import type { RunSettings } from './settings.ts';

/** What the parts of one task layer share. */
export interface Core {
  readonly store: TaskStore;
  readonly clock: Clock;
  readonly limits: TaskLimits;
  readonly settings: RunSettings;
  readonly registry: ToolRegistry;
  readonly executor: TaskExecutor;
  readonly hub: WaiterHub;
  /** Names this process start in leases. */
  readonly holder: string;
  /** Throws to refuse, and tells the listener of it. */
  authorize(request: AuthorizeRequest, subject?: RefusalSubject): Promise<void> | undefined;
  emit(event: TaskEvent): void;
  /** Whether anybody hears {@link Core.emit}. */
  readonly hasListener: boolean;
  /** A failure of work that nobody waits for. */
  report(error: unknown): void;
}

/** What the event about a refusal says beside the request. */
interface RefusalSubject {
  readonly taskId?: string | undefined;
  readonly trace?: TraceContext | undefined;
}

/** Write by a rule, and announce what was written. */
export async function writeByRule<Value>(
  core: Core,
  task: TaskHead | string,
  rule: Rule<Value>,
  trace: TraceContext | undefined,
): Promise<RuleOutcome<Value>> {
  const outcome = await applyRule(core.store, core.clock, task, rule);
  announce(core, outcome, trace);
  return outcome;
}

/** Of what was written, wake who waits for the task in this process, and tell the listener of a changed status. */
export function announce(core: Core, outcome: RuleOutcome<unknown>, trace: TraceContext | undefined): void {
  const { before, head, wrote } = outcome;
  if (!wrote) return;
  core.hub.hint(head);
  if (before.status !== head.status) {
    tell(core, head, trace, { type: 'status-changed', from: before.status, to: head.status });
  }
}

/** What an event about a task says beside the task. */
type AboutTask = TaskEvent extends infer Event
  ? Event extends { readonly tool: string; readonly taskId: string }
    ? Omit<Event, 'taskId' | 'owner' | 'tool' | 'atMs' | 'trace'>
    : never
  : never;

/** Tell the listener of something that happened to a task. */
export function tell(core: Core, head: TaskHead, trace: TraceContext | undefined, event: AboutTask): void {
  if (!core.hasListener) return;
  const { taskId, owner, handler } = head;
  const about = { taskId, owner, tool: handler, atMs: core.clock.nowMs(), ...(trace !== undefined && { trace }) };
  core.emit({ ...about, ...event });
}

/** The events sink: a throwing listener changes nothing. */
export function safeListener(
  listener: ((event: TaskEvent) => void) | undefined,
  report: (error: unknown) => void,
): (event: TaskEvent) => void {
  return (event) => {
    try {
      const returned: unknown = listener?.(event);
      if (returned instanceof Promise) returned.catch(report);
    } catch (error) {
      report(error);
    }
  };
}

/** The task layer was closed. */
export function closedError(): TaskError {
  return new TaskError('STORE_CLOSED', 'The task layer is closed: this process takes no more tasks.', {
    retryable: true,
  });
}
