import { type Parking, type Rule, type RuleOutcome, rules } from '@mcp-tasks/store/rules';
import type { TaskTool } from '../api/tool.ts';
import { type TaskLayer, tell } from '../core/task-layer.ts';
import type { HandlerHost } from '../handler/handler-host.ts';
import type { RunEnd, RunEndReason } from '../handler/run-end.ts';
import type { HandlerResult } from '../tool/outcome.ts';
import type { WriteQueue } from '../write/write-queue.ts';

/** The run that ends, and its tools. */
type EndingRun = Pick<HandlerHost, 'layer' | 'tool' | 'lease' | 'entries'>;

/** How a run ends by a write. */
export interface RunEnding {
  readonly reason: RunEndReason;
  /** Write it, and nothing after it. Resolves when that is done; never rejects. */
  write(queue: WriteQueue, end: RunEnd): Promise<void>;
}

function ending<Value>(
  reason: RunEndReason,
  rule: Rule<Value>,
  then: (outcome: RuleOutcome<Value>) => void = () => undefined,
): RunEnding {
  // A rejection was dealt with where the run learned of it.
  return { reason, write: (queue, end) => queue.finish(rule, end).then(then, () => undefined) };
}

/** Store what came of the run. */
export function settling(run: EndingRun, outcome: HandlerResult, reason: RunEndReason): RunEnding {
  const { layer, tool, lease, entries } = run;
  const keepResultMs = keepResultMsOf(layer, tool);
  const rule: Rule<'completed' | 'failed'> =
    outcome.kind === 'result'
      ? rules.complete(lease, { result: outcome.result, json: outcome.json, keepResultMs })
      : rules.fail(lease, outcome.error, keepResultMs);
  const isError = outcome.kind === 'error' || outcome.result.isError === true;
  return ending(reason, rule, ({ value, head, wrote }) => {
    if (wrote) tell(layer, head, entries.call.trace, { type: 'settled', status: value, isError });
  });
}

/**
 * Park, or give the task back when another process wrote what the run may be waiting for, unseen. Looked at when the
 * write's turn comes: those before it may have met with others.
 */
export function parking({ layer, lease }: EndingRun, how: Parking, isWritten: () => boolean): RunEnding {
  const parked = rules.park(lease, how);
  const release = rules.release(lease);
  const rule: Rule<'parked' | 'due' | 'released'> = (...given) => (isWritten() ? release : parked)(...given);
  return ending('parked', rule, ({ value, head }) => {
    // What the run waited for came while it parked, or comes by time: another run may begin.
    if (value !== 'parked' || head.dueAtMs !== null) layer.submit(head);
  });
}

/** Give a `rerun` task back, fail another as interrupted. */
export function givingBack({ layer, tool, lease, entries }: EndingRun): RunEnding {
  if (mayRerun(tool)) return ending('shutdown', rules.release(lease));
  return ending('shutdown', rules.interrupt(lease, keepResultMsOf(layer, tool)), ({ head, wrote }) => {
    if (wrote) tell(layer, head, entries.call.trace, { type: 'settled', status: 'failed', isError: true });
  });
}

/** Whether a run of the tool may be begun again. */
export function mayRerun(tool: TaskTool): boolean {
  return tool.options.onCrash === 'rerun';
}

/** How long the task is kept after its end. */
export function keepResultMsOf({ limits }: TaskLayer, tool: TaskTool): number {
  return tool.options.keepResultMs ?? limits.keepResultMs;
}
