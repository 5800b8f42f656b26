import type { Span } from '../fakes/timed-store.ts';
import type { Made, MadeCall } from '../sides/lane.ts';
import { rule } from './broken-rule.ts';
import { MODEL_LIMITS } from './limits.ts';
import { callsOf, isAlone, type Round } from './round.ts';
import { growthOf, isActive } from './task-state.ts';

/** Expired tasks that one create removes. */
const REMOVED_BY_CREATE = 100;

/** Sums over the tasks of an owner. */
interface Sums {
  readonly active: number;
  readonly tasks: number;
  readonly bytes: number;
}

/** Count what an owner's live tasks surely come to during a span. */
function leastOf({ lines }: Round, owner: string, span: Span): Sums {
  const sums = { active: 0, tasks: 0, bytes: 0 };
  for (const line of lines.values()) {
    if (line.owner !== owner || line.mayBeAbsent(span)) continue;
    const versions = line.during(span);
    sums.tasks += 1;
    if (versions.every(({ state }) => isActive(state))) sums.active += 1;
    sums.bytes += Math.min(...versions.map(({ state }) => state.head.entryBytes));
  }
  return sums;
}

/** Count what an owner's live tasks may come to during a span. */
function mostOf({ lines }: Round, owner: string, span: Span): Sums {
  const sums = { active: 0, tasks: 0, bytes: 0 };
  for (const line of lines.values()) {
    const versions = line.owner === owner ? line.during(span) : [];
    if (versions.length === 0) continue;
    sums.tasks += 1;
    if (versions.some(({ state }) => isActive(state))) sums.active += 1;
    sums.bytes += Math.max(...versions.map(({ state }) => state.head.entryBytes));
  }
  return sums;
}

/** Count the expired tasks of an owner: all that may be stored, or those that surely are when a call ends. */
function expiredOf(round: Round, owner: string, which: 'all' | 'stored', before?: MadeCall): Omit<Sums, 'active'> {
  const isDoubted =
    before !== undefined && round.calls.some((call) => call.fromNs <= before.toNs && mayRemove(round, call, owner));
  const heads = isDoubted ? [] : round.expired.of(owner, which);
  return { tasks: heads.length, bytes: heads.reduce((sum, { entryBytes }) => sum + entryBytes, 0) };
}

function bytesOf({ countBytes }: Round, call: Made<'create'>): number {
  return call.input.entries.reduce((sum, entry) => sum + countBytes(entry), 0);
}

/** Tell whether a call may remove expired tasks of an owner: a sweep, or a create that they would stand in the way of. */
export function mayRemove(round: Round, call: MadeCall, owner: string): boolean {
  if (call.method === 'deleteExpired') return true;
  if (call.method !== 'create' || call.input.head.owner !== owner) return false;
  const live = mostOf(round, owner, call);
  const expired = expiredOf(round, owner, 'all');
  return (
    live.tasks + expired.tasks >= MODEL_LIMITS.maxStoredTasks ||
    live.bytes + expired.bytes + bytesOf(round, call) > MODEL_LIMITS.maxStoredBytes
  );
}

/** Check that no limit is passed, and that none is named that was not reached. */
export function checkQuota(round: Round): void {
  for (const call of callsOf(round, 'create')) {
    if (call.answer.status === 'created') checkNotPassed(round, call.input.head.owner, call);
    if (call.answer.status === 'over-quota') checkRefusedCreate(round, call);
  }
  for (const call of callsOf(round, 'update')) {
    const { answer, input } = call;
    if (answer.status === 'not-found' || answer.status === 'conflict') continue;
    const before = round.lines.get(input.taskId)?.at(input.expected.version);
    if (before === undefined) continue;
    const growth = growthOf(before.state, input.patch);
    const { owner } = answer.head;
    if (answer.status === 'updated') {
      if (growth > 0) checkNotPassed(round, owner, call);
      continue;
    }
    const mostBytes = mostOf(round, owner, call).bytes + expiredOf(round, owner, 'all').bytes;
    const isOver = growth > 0 && mostBytes + growth > MODEL_LIMITS.maxStoredBytes;
    rule(isOver, `an update that grows by ${growth} beside ${mostBytes} bytes at most was refused`, {
      taskId: input.taskId,
      call,
    });
  }
}

/** All writes have the same limits, so that a store that keeps them is below them at any time. */
function checkNotPassed(round: Round, owner: string, call: Made<'create'> | Made<'update'>): void {
  const { maxActiveTasks, maxStoredTasks, maxStoredBytes } = MODEL_LIMITS;
  const endNs = call.toNs + 1n;
  const live = leastOf(round, owner, { fromNs: endNs, toNs: endNs });
  const expired = expiredOf(round, owner, 'stored', call);
  const [tasks, bytes] = [live.tasks + expired.tasks, live.bytes + expired.bytes];
  const about = { taskId: call.method === 'create' ? call.input.head.taskId : call.input.taskId, call };
  rule(live.active <= maxActiveTasks, `the owner has ${live.active} active tasks, beyond ${maxActiveTasks}`, about);
  rule(tasks <= maxStoredTasks, `the owner has ${tasks} stored tasks, beyond ${maxStoredTasks}`, about);
  rule(bytes <= maxStoredBytes, `the owner has ${bytes} stored bytes, beyond ${maxStoredBytes}`, about);
}

function checkRefusedCreate(round: Round, call: Made<'create'>): void {
  const { answer, input } = call;
  if (answer.status !== 'over-quota') return;
  const { owner } = input.head;
  const about = { taskId: input.head.taskId, call };
  const live = mostOf(round, owner, call);
  // A create removes expired tasks first. Those that another write has locked just then may count.
  const isBeside = !isAlone(call, round.calls);
  const all = expiredOf(round, owner, 'all');
  const mayStay = (isBeside || all.tasks > REMOVED_BY_CREATE) && answer.limit !== 'maxActiveTasks';
  rule(mayStay || !answer.retryable, 'create is refused as retryable, though no expired task can count', about);
  const expired = mayStay ? all : { tasks: 0, bytes: 0 };
  const { limit } = answer;
  const [count, isReached] =
    limit === 'maxActiveTasks'
      ? [live.active, live.active >= MODEL_LIMITS.maxActiveTasks]
      : limit === 'maxStoredTasks'
        ? [live.tasks + expired.tasks, live.tasks + expired.tasks >= MODEL_LIMITS.maxStoredTasks]
        : [live.bytes, live.bytes + expired.bytes + bytesOf(round, call) > MODEL_LIMITS.maxStoredBytes];
  rule(isReached, `create is refused by ${limit}, though the owner has ${count} at most`, about);
}
