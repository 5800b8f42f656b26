import type { TaskHead } from '@mcp-tasks/store';
import type { Made, MadeCall } from '../sides/lane.ts';
import { rule } from './broken-rule.ts';
import { callsOf, type Round } from './round.ts';
import type { TaskLine, TaskVersion } from './task-line.ts';
import { entriesDifference, isActive } from './task-state.ts';

/** Check a head that was answered against the record of its task. */
export function see(round: Round, head: TaskHead, call: MadeCall): TaskVersion {
  const about = { taskId: head.taskId, call };
  rule(round.expired.get(head.taskId) === undefined, `${call.method} shows a task that has expired`, about);
  const line = round.lines.get(head.taskId);
  rule(line !== undefined, `${call.method} shows a task that is not there`, about);
  return line.see(head, call);
}

/** Check all reads of a round. */
export function checkReads(round: Round): void {
  for (const call of callsOf(round, 'get')) checkGet(round, call);
  for (const call of callsOf(round, 'list')) checkList(round, call);
  for (const call of callsOf(round, 'due')) checkDue(round, call);
  for (const call of callsOf(round, 'findJoinable')) checkJoinable(round, call);
}

/** Tell whether something holds for a task however a call met it. */
function surely(line: TaskLine, call: MadeCall, holds: (version: TaskVersion) => boolean): boolean {
  return !line.mayBeAbsent(call) && line.during(call).every(holds);
}

function checkOnce(heads: readonly TaskHead[], call: MadeCall): Set<string> {
  const ids = new Set(heads.map(({ taskId }) => taskId));
  rule(ids.size === heads.length, `${call.method} shows a task twice`, { call });
  return ids;
}

function checkGet(round: Round, call: Made<'get'>): void {
  const { taskIds, owner, kinds } = call.input;
  const shown = checkOnce(
    call.answer.map(({ head }) => head),
    call,
  );
  for (const { head, entries } of call.answer) {
    const about = { taskId: head.taskId, call };
    rule(taskIds.includes(head.taskId), 'get shows a task that was not asked for', about);
    rule(owner === undefined || head.owner === owner, 'get shows a task of another owner', about);
    const { state } = see(round, head, call);
    const difference = entriesDifference(entries, state, kinds);
    rule(difference === undefined, `at version ${head.version} the ${String(difference)}`, about);
  }
  for (const taskId of taskIds) {
    const line = round.lines.get(taskId);
    if (line === undefined || shown.has(taskId) || (owner !== undefined && line.owner !== owner)) continue;
    rule(line.mayBeAbsent(call), 'get does not find a task that is live', { taskId, call });
  }
}

interface Placed {
  readonly number: number;
  readonly taskId: string;
}

function compare(one: Placed, other: Placed): number {
  return one.number - other.number || (one.taskId < other.taskId ? -1 : Number(one.taskId > other.taskId));
}

/** Fail unless places rise, from after one on. */
function checkRising(places: readonly Placed[], after: Placed | undefined, call: MadeCall): void {
  let before = after;
  for (const place of places) {
    const { taskId } = place;
    rule(before === undefined || compare(before, place) < 0, `${call.method} is out of order`, { taskId, call });
    before = place;
  }
}

function checkList(round: Round, call: Made<'list'>): void {
  const { owner, after, limit } = call.input;
  const { heads, hasMore } = call.answer;
  const shown = checkOnce(heads, call);
  for (const head of heads) {
    see(round, head, call);
    rule(head.owner === owner, 'list shows a task of another owner', { taskId: head.taskId, call });
  }
  rule(heads.length <= limit, 'a page is longer than its limit', { call });
  // Newest first: what descends is turned, so that it rises.
  const lessThan = (one: Placed, other: Placed) => compare(other, one) < 0;
  const placeOf = ({ createdAtMs, taskId }: Pick<TaskHead, 'createdAtMs' | 'taskId'>) => ({
    number: createdAtMs,
    taskId,
  });
  const first = after && placeOf(after);
  const places = heads.map(placeOf);
  checkRising([...places].reverse(), undefined, call);
  rule(first === undefined || places.every((place) => lessThan(first, place)), 'a page goes back', { call });
  const last = places.at(-1);
  const owned = [...round.lines.values()].filter((line) => line.owner === owner);
  const isLater = (line: TaskLine, than: Placed | undefined) =>
    than === undefined || lessThan(than, placeOf(line.last.state.head));
  for (const line of owned) {
    if (shown.has(line.taskId) || line.mayBeAbsent(call) || !isLater(line, first)) continue;
    const mayFollow = hasMore && isLater(line, last);
    rule(mayFollow, 'a task is missing from its page', { taskId: line.taskId, call });
  }
  if (!hasMore) return;
  const follows = owned.some((line) => isLater(line, last) && line.during(call).length > 0);
  rule(heads.length > 0 && follows, 'a page says that more follow, and none do', { call });
}

function checkDue(round: Round, call: Made<'due'>): void {
  const { handlers, queues, after, limit, nowMs } = call.input;
  const shown = checkOnce(call.answer, call);
  rule(call.answer.length <= limit, 'due shows more than its limit', { call });
  const isKnown = (handler: string) =>
    'except' in handlers ? !handlers.except.includes(handler) : handlers.includes(handler);
  const isAsked = ({ handler, queue }: TaskHead) => isKnown(handler) && queues.includes(queue);
  for (const head of call.answer) {
    const about = { taskId: head.taskId, call };
    const version = see(round, head, call);
    const isDue = head.dueAtMs !== null && head.dueAtMs <= nowMs && isActive(version.state);
    rule(isDue && isAsked(head), 'due shows a task that is not due, or that was not asked for', about);
  }
  const places = call.answer.map(({ dueAtMs, taskId }) => ({ number: dueAtMs ?? 0, taskId }));
  const first = after && { number: after.dueAtMs, taskId: after.taskId };
  checkRising(places, first, call);
  const last = call.answer.length === limit ? places.at(-1) : undefined;
  for (const line of round.lines.values()) {
    if (shown.has(line.taskId)) continue;
    const isMissing = surely(line, call, (version) =>
      [...line.dueDuring(version, call)].every((dueAtMs) => {
        if (dueAtMs === null || dueAtMs > nowMs || !isActive(version.state) || !isAsked(version.state.head))
          return false;
        const place = { number: dueAtMs, taskId: line.taskId };
        if (first !== undefined && compare(place, first) <= 0) return false;
        return last === undefined || compare(place, last) < 0;
      }),
    );
    rule(!isMissing, 'due leaves out a task that is due', { taskId: line.taskId, call });
  }
}

function checkJoinable(round: Round, call: Made<'findJoinable'>): void {
  const { owner, joinKey } = call.input;
  const isJoinable = ({ head }: TaskVersion['state']) =>
    head.owner === owner && head.joinKey === joinKey && head.joinState !== undefined;
  const found = call.answer;
  if (found !== undefined) {
    const { state } = see(round, found, call);
    rule(isJoinable(state), 'findJoinable shows a task that no such call joins', { taskId: found.taskId, call });
  }
  for (const line of round.lines.values()) {
    if (line.taskId === found?.taskId || !surely(line, call, ({ state }) => isJoinable(state))) continue;
    const { createdAtMs, taskId } = line.last.state.head;
    const isNewer =
      found === undefined ||
      compare({ number: createdAtMs, taskId }, { number: found.createdAtMs, taskId: found.taskId }) > 0;
    rule(!isNewer, 'findJoinable leaves out the newest task that such a call joins', { taskId, call });
  }
}
