import type { CallToolResult, JsonObject, WorkflowStepStatus } from '@mcp-tasks/wire';

/** The version of {@link Plan} that this package writes, and the only one that it reads. */
export const PLAN_VERSION = 1;

/** How far a workflow task is: entry `plan` of kind `outcome`. What steps came to is stored beside it, step by step. */
export interface Plan {
  readonly schemaVersion: typeof PLAN_VERSION;
  readonly workflow: string;
  /** The goal: the workflow's description when the task began. The conversation begins with it. */
  readonly goal: string;
  /** Of the definition that the plan was written under. */
  readonly fingerprint: string;
  /** The prompt arguments, as their schema parsed them and JSON keeps them. */
  readonly arguments: JsonObject;
  /** In the order of the definition. */
  readonly steps: readonly PlanStep[];
  /** The calls of clients that were recorded, the latest ones, so that none is recorded twice. */
  readonly calls: readonly RecordedCall[];
  /** How many calls were kept that fit no step. */
  readonly extras: number;
}

/** A step in a plan. */
export interface PlanStep {
  readonly name: string;
  readonly tool?: string | undefined;
  readonly status: WorkflowStepStatus;
  /** How many times it was begun, by the server or by a call of the client. */
  readonly attempt: number;
  /** While it is running: the attempt of the task's run that runs it. */
  readonly runAttempt?: number | undefined;
  /** Who did what it came to. */
  readonly by?: 'server' | 'client' | undefined;
  /** While it is failed: why, cut to 1 KiB. */
  readonly error?: string | undefined;
  /** While it is failed: whether the same call may succeed later. */
  readonly retryable?: boolean | undefined;
  /** While it is pending: what of its arguments does not fit the tool. */
  readonly mismatch?: Mismatch | undefined;
  /** Its question cannot be asked of this client. */
  readonly unasked?: true | undefined;
}

/** Why arguments do not fit a tool. */
export interface Mismatch {
  readonly missingFields: readonly string[];
  readonly illTypedFields: readonly { readonly field: string; readonly problem: string }[];
}

/** A call that was recorded. */
export interface RecordedCall {
  readonly callId: string;
  /** Absent when it fit no step. */
  readonly step?: string | undefined;
}

/** The outcome of a step: entry `step:NAME` of kind `outcome`. */
export interface StepRecord {
  readonly arguments: JsonObject;
  /** As the tool gave it; absent when there is none, or when it was too large to keep. */
  readonly result?: CallToolResult | undefined;
  /** The resources that were read for it. */
  readonly resources?: readonly ReadText[] | undefined;
}

/** A resource that was read. */
export interface ReadText {
  readonly uri: string;
  readonly text: string;
}

/** Tell whether a step needs nothing more. */
export function isOver({ status }: PlanStep): boolean {
  return status === 'completed' || status === 'skipped';
}

/** Tell whether a step is running in this run of the task. */
export function isRunBy({ status, runAttempt }: PlanStep, attempt: number): boolean {
  return status === 'running' && runAttempt === attempt;
}
