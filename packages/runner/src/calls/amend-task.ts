import type { TaskEntryKind } from '@mcp-tasks/store';
import { applyRecordRule, ownerView, type RecordRule, requireOwner, type RuleOutcome } from '@mcp-tasks/store/rules';
import { isTerminalStatus } from '@mcp-tasks/wire';
import type { Tasks } from '../api/tasks.ts';
import type { TraceContext } from '../api/tool.ts';
import { tell, writeByRule } from '../core/task-layer.ts';
import { internalsOf } from '../process/internals.ts';
import { readTrace } from '../tool/stored-call.ts';
import { toldOfRefusal } from './owner-tasks.ts';

/** A task of an owner. */
export interface OwnedTask {
  readonly owner: string;
  readonly taskId: string;
  /** The entries that the rule looks at. */
  readonly kinds: readonly TaskEntryKind[];
}

/**
 * Decide on the record of an owner's task and write the decision, under compare-and-set, from outside a run. It emits
 * the event, and submits a parked task that the write made due.
 *
 * @throws {TaskError} TASK_NOT_FOUND - for foreign, missing and expired tasks alike; STORE_UNAVAILABLE, STORE_CONFLICT,
 *   STORE_CLOSED; every error with which the rule refuses.
 */
export async function amendTask<Value>(
  tasks: Tasks,
  { owner, taskId, kinds }: OwnedTask,
  rule: RecordRule<Value>,
): Promise<RuleOutcome<Value>> {
  const { layer, lifecycle } = internalsOf(tasks);
  requireOwner(owner, layer.limits.maxOwnerBytes);
  const view = ownerView(layer, owner);
  const amend = async () => {
    await lifecycle.ready();
    let trace: TraceContext | undefined;
    const read = async () => {
      const record = await toldOfRefusal(layer, owner, taskId, () => view.get(taskId, kinds));
      trace = readTrace(record.entries);
      return record;
    };
    const outcome = await applyRecordRule(
      { read, write: (head, headRule) => writeByRule(layer, head, headRule, { trace }) },
      rule,
    );
    const { before, head, wrote } = outcome;
    if (wrote && isTerminalStatus(head.status) && !isTerminalStatus(before.status)) {
      tell(layer, head, trace, { type: 'settled', status: head.status, isError: head.resultError !== undefined });
    }
    if (wrote && before.dueAtMs !== head.dueAtMs) layer.submit(head);
    return outcome;
  };
  return lifecycle.during(amend());
}
