import type { ClaimTasks, TaskHead } from '@mcp-tasks/store';
import type { Span } from '../fakes/timed-store.ts';
import type { Made } from '../sides/lane.ts';
import { rule } from './broken-rule.ts';
import { see } from './check-reads.ts';
import { callsOf, isAlone, type Round } from './round.ts';
import type { TaskLine, TaskVersion } from './task-line.ts';
import { claimedState, entriesDifference, isActive } from './task-state.ts';

/** Check the claims of a round: each with all calls that sent it, in the order in which they began. */
export function checkClaims(round: Round): void {
  const sent = new Map<string, Made<'claim'>[]>();
  for (const call of callsOf(round, 'claim')) {
    const { writeId } = call.input;
    sent.set(writeId, [...(sent.get(writeId) ?? []), call]);
  }
  for (const calls of sent.values()) {
    for (const call of calls) checkRecords(round, call, calls);
    checkSentAgain(round, calls);
    const [first] = calls;
    if (first === undefined) continue;
    checkRooms(first.input, calls);
    if (calls.length === 1 && isAlone(first, round.calls)) checkComplete(round, first);
  }
}

function checkRecords(round: Round, call: Made<'claim'>, calls: readonly Made<'claim'>[]): void {
  const { input, answer } = call;
  const ids = new Set(answer.records.map(({ head }) => head.taskId));
  rule(ids.size === answer.records.length, 'a claim answers a task twice', { call });
  for (const { head, entries } of answer.records) {
    const about = { taskId: head.taskId, call };
    const version = see(round, head, call);
    const difference = entriesDifference(entries, version.state, input.kinds);
    rule(difference === undefined, `at version ${head.version} the ${String(difference)}`, about);
    // The task was claimed by one of the calls that answer it.
    const first = calls.find((one) => one.answer.records.some((record) => record.head.taskId === head.taskId));
    const span = { fromNs: first?.fromNs ?? call.fromNs, toNs: call.toNs };
    const line = round.lines.get(head.taskId);
    const before = line?.at(head.version - 1);
    const isRight =
      line !== undefined && before !== undefined && isClaimable(line, before, input, { span, dueFor: 'some' });
    rule(isRight, 'a claim takes a task that cannot be claimed: terminal, not due, held, or of another kind', about);
  }
}

/** How a claim met a task: when, and whether some or every value that the due time may have counts. */
interface Met {
  readonly span: Span;
  readonly dueFor: 'some' | 'every';
}

/** Tell whether a claim may take a task at a version. */
function isClaimable(line: TaskLine, version: TaskVersion, claim: ClaimTasks, met: Met): boolean {
  const { head } = version.state;
  if (!isActive(version.state) || (head.holder !== undefined && !claim.takesLostRuns)) return false;
  if (!claim.handlers.some(({ name }) => name === head.handler) || !claim.queues.includes(head.queue)) return false;
  if (claim.taskIds?.includes(head.taskId) === false) return false;
  const isDue = (dueAtMs: number | null) => dueAtMs !== null && dueAtMs <= claim.nowMs;
  return [...line.dueDuring(version, met.span)][met.dueFor](isDue);
}

/** Sent again, a claim answers what it claimed and no other call has written since, and claims nothing more. */
function checkSentAgain({ lines }: Round, calls: readonly Made<'claim'>[]): void {
  for (const call of calls) {
    const before = calls.filter(({ toNs }) => toNs < call.fromNs).flatMap(({ answer }) => answer.records);
    if (before.length === 0) continue;
    const ids = new Set(before.map(({ head }) => head.taskId));
    const shown = new Set(call.answer.records.map(({ head }) => head.taskId));
    for (const taskId of shown) {
      rule(ids.has(taskId), 'a claim that was sent again claims more', { taskId, call });
    }
    for (const { head } of before) {
      const { taskId } = head;
      const versions = lines.get(taskId)?.during(call) ?? [];
      const isUnwritten = versions.every(({ state }) => state.head.version === head.version);
      rule(
        shown.has(taskId) || !isUnwritten,
        'a claim that was sent again leaves out a task that it claimed and no call has written since',
        { taskId, call },
      );
    }
  }
}

function roomOf(claim: ClaimTasks, owner: string): number {
  return claim.owners?.find((room) => room.owner === owner)?.limit ?? claim.perOwner;
}

function isSuspect(claim: ClaimTasks, { handler, crashCount }: TaskHead): boolean {
  return crashCount >= (claim.handlers.find(({ name }) => name === handler)?.suspectCrashCount ?? Infinity);
}

/** However often it was sent, a claim takes no more than its limit, of an owner than its room, and of suspects. */
function checkRooms(claim: ClaimTasks, calls: readonly Made<'claim'>[]): void {
  const heads = new Map(calls.flatMap(({ answer }) => answer.records).map(({ head }) => [head.taskId, head]));
  const call = calls.at(-1);
  rule(heads.size <= claim.limit, `a claim of ${claim.limit} took ${heads.size} tasks`, { call });
  const suspects = [...heads.values()].filter((head) => isSuspect(claim, head)).length;
  rule(suspects <= claim.suspects, `a claim of ${claim.suspects} suspects took ${suspects}`, { call });
  if (claim.taskIds !== undefined) return;
  for (const { owner, taskId } of heads.values()) {
    const count = [...heads.values()].filter((head) => head.owner === owner).length;
    const room = roomOf(claim, owner);
    rule(count <= room, `a claim with room for ${room} of an owner took ${count}`, { taskId, call });
  }
}

/** A claim beside which nothing happened takes all that it may, and tells when the next task is due. */
function checkComplete(round: Round, call: Made<'claim'>): void {
  const { input, answer } = call;
  const heads = answer.records.map(({ head }) => head);
  const suspects = heads.filter((head) => isSuspect(input, head)).length;
  // Of two renewals at once it is not known which came last.
  let [earliestMs, latestMs] = [Infinity, Infinity];
  for (const line of round.lines.values()) {
    const version = line.during(call).at(-1);
    if (version === undefined || line.mayBeAbsent(call)) continue;
    const { taskId, owner, handler, queue } = version.state.head;
    const isAsked = input.handlers.some(({ name }) => name === handler) && input.queues.includes(queue);
    const dueAtMs = [...line.dueDuring(version, call)].map((one) => one ?? Infinity);
    if (isAsked && isActive(version.state)) {
      earliestMs = Math.min(earliestMs, ...dueAtMs);
      latestMs = Math.min(latestMs, Math.max(...dueAtMs));
    }
    const isTaken = heads.some((head) => head.taskId === taskId);
    if (isTaken || heads.length === input.limit || !isClaimable(line, version, input, { span: call, dueFor: 'every' }))
      continue;
    const isFull =
      input.taskIds === undefined && heads.filter((head) => head.owner === owner).length >= roomOf(input, owner);
    const isHeldBack = suspects === input.suspects && isSuspect(input, claimedState(version.state, input).head);
    rule(isFull || isHeldBack, 'a claim leaves a task that is due, with room for it', { taskId, call });
  }
  if (input.taskIds !== undefined) return;
  const nextMs = answer.nextDueAtMs ?? Infinity;
  rule(
    nextMs >= earliestMs && nextMs <= latestMs,
    `a claim answers nextDueAtMs ${String(answer.nextDueAtMs)}, and must answer ${earliestMs} to ${latestMs}`,
    { call },
  );
}
