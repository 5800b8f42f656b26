import type { OwnerLimits } from '@mcp-tasks/store';
import type { TaskStatus } from '@mcp-tasks/wire';
import type { ShareLimits } from './share-limits.ts';
import type { TraceContext } from './tool.ts';

/** A limit on what one owner may have or do; `limiter` is the author's own. */
export type LimitName = keyof OwnerLimits | keyof ShareLimits | 'limiter';

interface TaskEventBase {
  readonly taskId: string;
  readonly owner: string;
  readonly tool: string;
  readonly atMs: number;
  readonly trace?: TraceContext | undefined;
}

/** An event of a task, for audit logs and telemetry. Carries no arguments, variables, answers or results. */
export type TaskEvent =
  | (TaskEventBase & { readonly type: 'task-created' })
  | (TaskEventBase & { readonly type: 'run-started'; readonly attempt: number })
  | (TaskEventBase & { readonly type: 'status-changed'; readonly from: TaskStatus; readonly to: TaskStatus })
  | (TaskEventBase & { readonly type: 'question-asked'; readonly key: string })
  | (TaskEventBase & { readonly type: 'question-answered'; readonly key: string })
  | (TaskEventBase & { readonly type: 'cancelled' })
  | (TaskEventBase & { readonly type: 'settled'; readonly status: TaskStatus; readonly isError: boolean })
  /** The task expired under a run of this process, or this process removed it after it had expired without one. */
  | (TaskEventBase & { readonly type: 'expired' })
  /**
   * Tasks of a tool that this process does not know have been due for more than a minute. Told once a minute for each
   * tool, with the task that has been due longest.
   */
  | (TaskEventBase & { readonly type: 'handler-unknown'; readonly dueAtMs: number })
  /** An owner was refused because of a limit; the owner of callers without one is the one that their tasks would have. */
  | {
      readonly type: 'limit-exceeded';
      readonly limit: LimitName;
      readonly owner: string;
      readonly atMs: number;
      readonly tool?: string | undefined;
      readonly trace?: TraceContext | undefined;
    }
  /** An owner asked for a task of another owner or for one that does not exist, or `authorize` refused. */
  | {
      readonly type: 'access-refused';
      readonly owner: string;
      readonly atMs: number;
      readonly reason: 'unknown-task' | 'unauthorized';
      /** Absent too when what was asked for is longer than any id. */
      readonly taskId?: string | undefined;
      readonly tool?: string | undefined;
      readonly trace?: TraceContext | undefined;
    };
