import type { TaskHead, TaskLease } from '@mcp-tasks/store';
import { type Parking, type Rule, type RuleOutcome, rules } from '@mcp-tasks/store/rules';
import { queuedTask } from '../api/executor.ts';
import type { TaskTool, TraceContext } from '../api/tool.ts';
import { type TaskLayer, tell } from '../core/task-layer.ts';
import type { RunEndReason } from '../handler/run-end.ts';
import type { HandlerResult } from '../tool/outcome.ts';

/** A run that may end by a write. */
export interface EndingRun {
  readonly lease: TaskLease;
  readonly tool: TaskTool;
  readonly head: TaskHead;
  readonly trace: TraceContext | undefined;
  readonly canRerun: boolean;
  /** Write by this rule, and nothing after it. Too late, it changes nothing. */
  finish<Value>(rule: Rule<Value>, reason: RunEndReason, then?: (outcome: RuleOutcome<Value>) => void): void;
}

/** Store what came of the run. */
export function settle(layer: TaskLayer, run: EndingRun, outcome: HandlerResult, reason: RunEndReason): void {
  const keepResultMs = keepResultMsOf(layer, run.tool);
  const rule: Rule<'completed' | 'failed'> =
    outcome.kind === 'result'
      ? rules.complete(run.lease, { result: outcome.result, json: outcome.json, keepResultMs })
      : rules.fail(run.lease, outcome.error, keepResultMs);
  const isError = outcome.kind === 'error' || outcome.result.isError === true;
  run.finish(rule, reason, ({ value, wrote }) => {
    if (wrote) tell(layer, run.head, run.trace, { type: 'settled', status: value, isError });
  });
}

/**
 * Park, or give the task back when somebody else wrote what the run may be waiting for, unseen. Looked at when the write's
 * turn comes: those before it may have met with others.
 */
export function park(layer: TaskLayer, run: EndingRun, parking: Parking, isWritten: () => boolean): void {
  const parked = rules.park(run.lease, parking);
  const release = rules.release(run.lease);
  const rule: Rule<'parked' | 'due' | 'released'> = (...given) => (isWritten() ? release : parked)(...given);
  run.finish(rule, 'parked', ({ value, head }) => {
    // What the run waited for came while it parked: another run may begin.
    if (value !== 'parked') layer.executor.submit(queuedTask(head));
  });
}

/** Give a `rerun` task back, fail another as interrupted. */
export function giveBack(layer: TaskLayer, run: EndingRun): void {
  if (run.canRerun) {
    run.finish(rules.release(run.lease), 'shutdown');
    return;
  }
  run.finish(rules.interrupt(run.lease, keepResultMsOf(layer, run.tool)), 'shutdown', ({ wrote }) => {
    if (wrote) tell(layer, run.head, run.trace, { type: 'settled', status: 'failed', isError: true });
  });
}

/** How long the task is kept after its end. */
export function keepResultMsOf({ limits }: TaskLayer, tool: TaskTool): number {
  return tool.options.keepResultMs ?? limits.keepResultMs;
}
