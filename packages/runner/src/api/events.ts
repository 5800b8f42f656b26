import type { TaskStatus } from '@mcp-tasks/wire';
import type { TraceContext } from './tool.ts';

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
  /** The task expired under a run of this process. A task that expires without a run makes no event. */
  | (TaskEventBase & { readonly type: 'expired' })
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
