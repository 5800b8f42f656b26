import type { Span } from '../fakes/timed-store.ts';
import { headsIn, type Made, type MadeCall } from '../sides/lane.ts';
import { rule } from './broken-rule.ts';
import type { ExpiredTasks } from './expired-tasks.ts';
import { TaskLine, type TaskVersion } from './task-line.ts';
import { claimedState, type CountBytes, createdState, patchedState, type TaskState } from './task-state.ts';
import { type TaskWrite, TaskWrites } from './task-writes.ts';

/** A task that is live when a round begins. */
export interface LiveTask {
  readonly state: TaskState;
  readonly idempotencyKey: string | undefined;
}

/** The calls of one round, all at one time of the store, with the sequential record of each task. */
export interface Round {
  readonly nowMs: number;
  /** In the order in which they began. */
  readonly calls: readonly MadeCall[];
  readonly lines: ReadonlyMap<string, TaskLine>;
  readonly expired: ExpiredTasks;
  readonly countBytes: CountBytes;
}

/** Tell whether two calls were under way at the same time. */
export function overlap(one: Span, other: Span): boolean {
  return one !== other && one.fromNs <= other.toNs && other.fromNs <= one.toNs;
}

const READS: readonly MadeCall['method'][] = ['get', 'list', 'due', 'findJoinable'];

/** Tell whether no other write was under way beside a call: a store may leave what another write has locked. */
export function isAlone(call: MadeCall, calls: readonly MadeCall[]): boolean {
  return !calls.some((other) => !READS.includes(other.method) && overlap(other, call));
}

/**
 * Order the writes of each task into one line of versions.
 *
 * @throws {BrokenRule} there is no such line: a version has no write or two, or a write did not find what it expected.
 */
export function makeLines(
  calls: readonly MadeCall[],
  live: ReadonlyMap<string, LiveTask>,
  countBytes: CountBytes,
): Map<string, TaskLine> {
  const writes = new TaskWrites(calls);
  const seen = highestVersions(calls);
  const lines = new Map<string, TaskLine>();
  for (const [taskId, { state, idempotencyKey }] of live) {
    lines.set(taskId, new TaskLine({ state, fromNs: 0n, knownNs: 0n, setsDue: true }, false, idempotencyKey));
  }
  for (const taskId of seen.keys()) {
    const write = writes.of(taskId).get(1);
    if (write?.call.method !== 'create') continue;
    const { head, entries, idempotencyKey } = write.call.input;
    const { fromNs } = write.call;
    const first = { state: createdState(head, entries, countBytes), fromNs, knownNs: write.call.toNs, setsDue: true };
    lines.set(taskId, new TaskLine(first, true, idempotencyKey));
  }
  for (const [taskId, line] of lines) {
    const made = writes.of(taskId);
    for (let version = line.last.state.head.version + 1; version <= (seen.get(taskId) ?? 0); version += 1) {
      const write = made.get(version);
      rule(write !== undefined, `version ${version} is answered, which no write made`, { taskId });
      const { last } = line;
      const fromNs = write.call.fromNs > last.fromNs ? write.call.fromNs : last.fromNs;
      line.versions.push({ ...nextState(last.state, write), fromNs, knownNs: write.call.toNs });
    }
  }
  noteAnswers(calls, lines);
  return lines;
}

function nextState(before: TaskState, { writeId, call }: TaskWrite): Pick<TaskVersion, 'state' | 'setsDue'> {
  const { head } = before;
  const about = { taskId: head.taskId, call };
  if (call.method === 'claim') return { state: claimedState(before, call.input), setsDue: true };
  rule(call.method === 'update', 'a task was created twice', about);
  const { expected, patch } = call.input;
  rule(
    expected.version === head.version && expected.writeId === head.writeId,
    `an update was made upon version ${head.version} of ${head.writeId}, and expected ${expected.version} of ${expected.writeId}`,
    about,
  );
  return { state: patchedState(before, patch, writeId), setsDue: patch.head.dueAtMs !== undefined };
}

function highestVersions(calls: readonly MadeCall[]): Map<string, number> {
  const seen = new Map<string, number>();
  for (const call of calls) {
    for (const { taskId, version } of headsIn(call)) seen.set(taskId, Math.max(version, seen.get(taskId) ?? 0));
  }
  return seen;
}

/** Note when each version was known, and the renewals. */
function noteAnswers(calls: readonly MadeCall[], lines: ReadonlyMap<string, TaskLine>): void {
  for (const call of calls) {
    for (const head of headsIn(call)) {
      const line = lines.get(head.taskId);
      for (const version of line?.versions ?? []) {
        if (version.state.head.version <= head.version && call.toNs < version.knownNs) version.knownNs = call.toNs;
      }
      if (call.method === 'renew') line?.addRenewal(call, head);
    }
  }
}

/** Find the calls of one method. */
export function callsOf<Method extends MadeCall['method']>(round: Round, method: Method): Made<Method>[] {
  return round.calls.filter((call): call is Made<Method> => call.method === method);
}
