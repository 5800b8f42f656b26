import type { TaskEntryKind, TaskLease } from '@mcp-tasks/store';
import type { Effects, RecordRule } from '@mcp-tasks/store/rules';
import type { InputRequest, InputResponse, JsonObject } from '@mcp-tasks/wire';
import type { TaskTool } from '../api/tool.ts';
import type { WorkflowStepInfo } from '../api/workflow-step.ts';
import type { TaskLayer } from '../core/task-layer.ts';
import type { RunEnd } from './run-end.ts';
import type { RunEntries } from './task-entries.ts';

/** Progress of a run; the latest wins. */
export type Report = Pick<Effects, 'progress' | 'statusMessage'>;

/** Entries that a handler puts and deletes. */
export type EntryChange = Pick<Effects, 'put' | 'delete'>;

/** Where the effects of a handler go. */
export interface HandlerEffects {
  /** Store entries. Rejects when the run has ended. */
  record(change: EntryChange): Promise<void>;
  /** Show progress or a status message, at some time. */
  report(report: Report): void;
}

/** Where the questions of a handler go. */
export interface HandlerQuestions {
  /** Ask and wait for a response that fits. */
  ask(key: string, request: InputRequest): Promise<InputResponse>;
  /** Ask without waiting; the response if there is one already. */
  open(key: string, request: InputRequest): Promise<InputResponse | undefined>;
}

/** The run below a handler context: one that stores, or an inline one. */
export interface HandlerHost {
  readonly layer: TaskLayer;
  readonly taskId: string;
  readonly owner: string;
  readonly attempt: number;
  readonly inline: boolean;
  /** The handler may end the run to wait. */
  readonly canPark: boolean;
  /** Under which the run writes. */
  readonly lease: TaskLease;
  /** The workflow's step that this run is. */
  readonly workflow: WorkflowStepInfo | undefined;
  readonly signal: AbortSignal;
  readonly tool: TaskTool;
  /** The run's own copy, changed before it is stored: only this run writes variables and checkpoints. */
  readonly entries: RunEntries;
  readonly effects: HandlerEffects;
  readonly questions: HandlerQuestions;
  readonly ended: RunEnd | undefined;
  /** The arguments as the tool's schema parsed them, when that was done for this run already. */
  readonly parsedArguments: unknown;
  /** The latest `done` that was reported, by an earlier run too; -Infinity before the first. */
  readonly progressDone: number;
  /** Decide on the record as it is now, and write; throws what the rule throws or refuses with. */
  amend<Value>(kinds: readonly TaskEntryKind[], rule: RecordRule<Value>): Promise<Value>;
  /** Throws to refuse a call that a step of a workflow makes. */
  authorizeStep(tool: string, args: JsonObject): Promise<void> | undefined;
  /**
   * Resolves when a step may begin: after time moved, the process first learns which leases it lost. A run whose lease
   * is over ends.
   */
  caughtUp(): Promise<void> | undefined;
  /** Steps in flight hold off parking. */
  stepBegan(): () => void;
  /** Instant at which the task expires; undefined when it lasts as long as its run. */
  readonly expiresAtMs: number | undefined;
  /** Wait until this instant, without a slot. Rejects when the run ends. */
  sleepUntil(wakeAtMs: number): Promise<void>;
}

/** @throws {TaskError} RUN_ENDED - the run may no longer write. */
export function throwIfEnded({ ended }: Pick<HandlerHost, 'ended'>): void {
  if (ended !== undefined) throw ended.error;
}
