import type { TaskHead, TaskLease } from '@mcp-tasks/store';
import { applyRule, type Claim, resend, type RuleOutcome, rules, taskNotFound } from '@mcp-tasks/store/rules';
import type { RunSlot } from '../api/executor.ts';
import type { TaskTool } from '../api/tool.ts';
import type { TaskLayer } from '../core/task-layer.ts';
import { RUN_ENTRY_KINDS, RunEntries } from '../handler/task-entries.ts';
import { readCall } from '../tool/stored-call.ts';
import { keepResultMsOf } from './finish-run.ts';

/** A run that a claim allows to begin. */
export interface RunStart {
  readonly tool: TaskTool;
  readonly head: TaskHead;
  readonly lease: TaskLease;
  readonly entries: RunEntries;
  readonly slot: RunSlot;
  /** A run after the first, or in another process than the call. */
  readonly mustAuthorize: boolean;
  /** The arguments, when this process has parsed them for this run already. */
  readonly parsedArguments?: unknown;
  /** Another process ended the run, or the run gives its task away: it writes no more. */
  readonly onStop: () => void;
}

/** A task that was created just now: what its first run would read, if it begins at once. */
export interface FreshTask {
  readonly head: TaskHead;
  readonly entries: RunEntries;
  readonly parsedArguments: unknown;
}

/** Claim a task for a run of its tool. */
export function claimForRun(layer: TaskLayer, head: TaskHead, tool: TaskTool): Promise<RuleOutcome<Claim>> {
  const { store, clock, holder, settings } = layer;
  const rule = rules.claim({
    holder,
    leaseMs: settings.leaseMs,
    onCrash: tool.options.onCrash ?? 'fail',
    maxCrashes: tool.options.maxCrashes ?? settings.maxCrashes,
    keepResultMs: keepResultMsOf(layer, tool),
  });
  return applyRule(store, clock, head, rule);
}

/** Read the task that a run begins with; `undefined` when the task is gone. */
export async function readForRun(
  { store, clock }: TaskLayer,
  taskId: string,
): Promise<Pick<FreshTask, 'head' | 'entries'> | undefined> {
  const [record] = await store.get({ taskIds: [taskId], kinds: RUN_ENTRY_KINDS, nowMs: clock.nowMs() });
  if (record === undefined) return undefined;
  const { head, entries } = record;
  return { head, entries: new RunEntries(readCall(taskId, entries), entries) };
}

/** The entries of a task that is claimed already. */
export async function readAgain(layer: TaskLayer, taskId: string): Promise<RunEntries> {
  const read = () => readForRun(layer, taskId);
  const known = await read().catch((error: unknown) => resend(layer.clock, read, error));
  if (known === undefined) throw taskNotFound();
  return known.entries;
}
