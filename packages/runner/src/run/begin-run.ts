import type { TaskHead, TaskLease, TaskRecord } from '@mcp-tasks/store';
import { crashFailure, type CrashPolicy, interrupted, rules, type TaskFailure } from '@mcp-tasks/store/rules';
import type { RunSlot } from '../api/executor.ts';
import type { TaskTool } from '../api/tool.ts';
import { type TaskLayer, tell, writeByRule } from '../core/task-layer.ts';
import { RunEntries } from '../handler/task-entries.ts';
import { readCall } from '../tool/stored-call.ts';
import { keepResultMsOf, mayRerun } from './finish-run.ts';

/** A run that a claim allows to begin. */
export interface RunStart {
  readonly tool: TaskTool;
  readonly head: TaskHead;
  readonly lease: TaskLease;
  /** Instant on the monotonic timer until which this process relies on the lease. */
  readonly leaseDeadlineMs: number;
  readonly entries: RunEntries;
  readonly slot: RunSlot;
  /** The run did not begin with the call: the call's authorization may be out of date. */
  readonly mustAuthorize: boolean;
  /** The arguments, when this process has parsed them for this run already. */
  readonly parsedArguments?: unknown;
  /** Another process ended the run, or the run gives its task away: it writes no more. */
  readonly onStop: () => void;
}

/** A task that this process has claimed. */
export interface ClaimedTask {
  readonly record: TaskRecord;
  readonly slot: RunSlot;
  readonly leaseDeadlineMs: number;
  /** The entries and parsed arguments of a task that was created and claimed in one write. */
  readonly fresh?: { readonly entries: RunEntries; readonly parsedArguments: unknown } | undefined;
}

/**
 * Make the start of a claimed task's run.
 *
 * @throws {TaskError} TOOL_NOT_FOUND; STORE_CORRUPT_RECORD - its call cannot be decoded.
 */
export function startOf(layer: TaskLayer, claimed: ClaimedTask, onStop: () => void): RunStart {
  const { record, slot, leaseDeadlineMs, fresh } = claimed;
  const { head } = record;
  const { taskId, attempt } = head;
  return {
    tool: layer.registry.get(head.handler),
    head,
    lease: { taskId, attempt, holder: layer.holder },
    leaseDeadlineMs,
    entries: fresh?.entries ?? new RunEntries(readCall(taskId, record.entries), record.entries),
    slot,
    mustAuthorize: fresh === undefined,
    parsedArguments: fresh?.parsedArguments,
    onStop,
  };
}

/** Look up how a tool's tasks go on after a crash. */
export function crashPolicy({ settings }: TaskLayer, { options }: TaskTool): CrashPolicy {
  return { onCrash: options.onCrash ?? 'fail', maxCrashes: options.maxCrashes ?? settings.maxCrashes };
}

/**
 * Tell why a claimed task must not run again; undefined when its run may begin.
 *
 * @param wasLost - a run of this process lost the task, and did not crash.
 */
export function failureOf(layer: TaskLayer, { tool, head }: RunStart, wasLost: boolean): TaskFailure | undefined {
  if (wasLost && !mayRerun(tool)) {
    return interrupted('the process that ran it could not reach the store for longer than its lease.');
  }
  return head.crashCount === 0 ? undefined : crashFailure(head, crashPolicy(layer, tool));
}

/** Fail a claimed task that must not run again. */
export async function failClaimed(layer: TaskLayer, start: RunStart, failure: TaskFailure): Promise<void> {
  const { tool, head, lease, entries } = start;
  const { trace } = entries.call;
  const rule = rules.fail(lease, failure, keepResultMsOf(layer, tool));
  const outcome = await writeByRule(layer, head, rule, { trace, forMs: layer.settings.leaseMs });
  if (outcome.wrote) tell(layer, outcome.head, trace, { type: 'settled', status: 'failed', isError: true });
}
