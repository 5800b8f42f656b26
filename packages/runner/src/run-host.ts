import type { Effects, TaskLimits } from '@mcp-tasks/store';
import type { InputRequest, InputResponse } from '@mcp-tasks/wire';
import type { RunEnd } from './run-ended.ts';
import type { RunEntries } from './run-entries.ts';
import type { TaskTool } from './tool.ts';
import type { Report } from './write-queue.ts';

/** What a context stands on: a run that stores, or an inline one. */
export interface RunHost {
  readonly taskId: string;
  readonly owner: string;
  readonly attempt: number;
  readonly inline: boolean;
  readonly signal: AbortSignal;
  readonly tool: TaskTool;
  readonly limits: TaskLimits;
  /** The run's own copy, changed before it is stored: only this run writes variables and checkpoints. */
  readonly entries: RunEntries;
  readonly ended: RunEnd | undefined;
  /** The arguments as the tool's schema parsed them, when that was done for this run already. */
  readonly parsedArguments: unknown;
  /** The latest `done` that was reported, by an earlier run too; -Infinity before the first. */
  readonly progressDone: number;
  record(change: Pick<Effects, 'put' | 'delete'>): Promise<void>;
  report(report: Report): void;
  /** Ask and wait for a response that fits. */
  ask(key: string, request: InputRequest): Promise<InputResponse>;
  /** Steps in flight hold off parking. */
  stepBegan(): () => void;
}

/** @throws {TaskError} RUN_ENDED - the run may no longer write. */
export function throwIfEnded({ ended }: RunHost): void {
  if (ended !== undefined) throw ended.error;
}
