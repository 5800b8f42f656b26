import { rule } from './broken-rule.ts';
import { mayRemove } from './check-quota.ts';
import { callsOf, isAlone, type Round } from './round.ts';
import { differenceOf } from './task-state.ts';

/** Check what sweeps removed, and note which expired tasks are left. */
export function checkRemovals(round: Round): void {
  const { expired, calls } = round;
  let isEmptied = false;
  const removed = new Set<string>();
  const owners = new Set(expired.of(undefined, 'all').map(({ owner }) => owner));
  for (const call of callsOf(round, 'deleteExpired')) {
    const { limit } = call.input;
    rule(call.answer.length <= limit, 'a sweep removes more than its limit', { call });
    for (const head of call.answer) {
      const about = { taskId: head.taskId, call };
      const known = expired.get(head.taskId);
      rule(!removed.has(head.taskId), 'a task was removed twice', about);
      rule(known !== undefined, 'a sweep removes a task that has not expired, or is gone', about);
      const difference = differenceOf(head, known);
      rule(difference === undefined, `a sweep answers another head: ${String(difference)}`, about);
      rule(head.dueAtMs === known.dueAtMs, 'a sweep answers another dueAtMs', about);
      removed.add(head.taskId);
    }
    if (call.answer.length === limit) continue;
    if (!isAlone(call, calls)) continue;
    isEmptied = true;
    for (const { taskId, owner } of expired.of(undefined, 'stored')) {
      const isExplained =
        removed.has(taskId) ||
        calls.some((other) => other !== call && other.toNs < call.fromNs && mayRemove(round, other, owner));
      rule(isExplained, 'a sweep leaves an expired task, with room for it', { taskId, call });
    }
  }
  const creates = callsOf(round, 'create');
  for (const owner of owners) if (creates.some((call) => mayRemove(round, call, owner))) expired.doubt(owner);
  for (const taskId of isEmptied ? expired.ids() : removed) expired.remove(taskId);
}
