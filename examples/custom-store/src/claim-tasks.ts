import { type ClaimOutcome, claimPatch, type ClaimTasks, type TaskHead } from '@mcp-tasks/store';
import type { OwnedTask } from './owner-folder.ts';
import { nextEntry } from './task-journal.ts';
import { hasDueTime, isDue, isLive, longestDueFirst } from './task-order.ts';

/** Owners that a claim looks at, at most: some, and some more for each task that it may take. */
const LOOKED_AT_OWNERS = 64;
const LOOKED_AT_OWNERS_PER_TASK = 4;

/** Pick due tasks of all, and claim each by the next write of its journal. */
export async function claimTasks(all: readonly OwnedTask[], claim: ClaimTasks): Promise<ClaimOutcome> {
  const handlers = claim.handlers.map(({ name }) => name);
  const tasks = all.filter(
    ({ latest: { head } }) => isLive(head, claim.nowMs) && hasDueTime(head, handlers, claim.queues),
  );
  // The claim is sent again: it takes nothing more, and answers what no other call has written since.
  const before = all.filter(({ latest }) => latest.claimId === claim.writeId);
  if (before.length > 0) {
    const unwritten = before.filter(
      ({ latest: { head } }) => head.writeId === claim.writeId && isLive(head, claim.nowMs),
    );
    return outcome(claim, tasks, unwritten);
  }
  const { picked, lastOwner } = pickDue(tasks, claim);
  const tried = await Promise.all(
    picked.map(async (task) => {
      const patch = { head: claimPatch(task.latest.head, claim) };
      const next = { ...nextEntry(task.latest, patch, claim.writeId), claimId: claim.writeId };
      // Another claim, or another write, may have come first: then the task is not this claim's.
      return (await task.journal.append(next)) ? { ...task, latest: next } : undefined;
    }),
  );
  const claimed = tried.filter((task) => task !== undefined);
  const left = tasks.filter(({ journal }) => !claimed.some((task) => task.journal === journal));
  return outcome(claim, [...left, ...claimed], claimed, lastOwner);
}

async function outcome(
  { kinds }: ClaimTasks,
  tasks: readonly OwnedTask[],
  claimed: readonly OwnedTask[],
  lastOwner?: string,
): Promise<ClaimOutcome> {
  const records = await Promise.all(claimed.map(({ journal, latest }) => journal.record(latest, kinds)));
  const nextDueAtMs = Math.min(Infinity, ...tasks.map(({ latest }) => latest.head.dueAtMs ?? Infinity));
  return {
    records,
    ...(lastOwner !== undefined && { lastOwner }),
    nextDueAtMs: nextDueAtMs === Infinity ? null : nextDueAtMs,
  };
}

/** Pick the tasks that a claim takes: owners take turns, and of each the longest due come first. */
function pickDue(
  tasks: readonly OwnedTask[],
  claim: ClaimTasks,
): { picked: OwnedTask[]; lastOwner?: string | undefined } {
  const picked: OwnedTask[] = [];
  const suspectFrom = new Map(claim.handlers.map(({ name, suspectCrashCount }) => [name, suspectCrashCount]));
  let suspectsLeft = claim.suspects;
  /** Pick a task, unless the claim must leave it. */
  const pick = (task: OwnedTask): boolean => {
    const { head } = task.latest;
    if (picked.length >= claim.limit) return false;
    const { crashCount = head.crashCount } = claimPatch(head, claim);
    const isSuspect = crashCount >= (suspectFrom.get(head.handler) ?? Infinity);
    if (isSuspect && suspectsLeft <= 0) return false;
    if (isSuspect) suspectsLeft -= 1;
    picked.push(task);
    return true;
  };

  const mayTake = ({ holder }: TaskHead) => holder === undefined || claim.takesLostRuns;
  const due = tasks.filter(({ latest: { head } }) => isDue(head, claim.nowMs) && mayTake(head));
  due.sort((a, b) => longestDueFirst(a.latest.head, b.latest.head));
  if (claim.taskIds !== undefined) {
    for (const taskId of new Set(claim.taskIds)) {
      for (const task of due) if (task.latest.head.taskId === taskId) pick(task);
    }
    return { picked };
  }
  let lastOwner: string | undefined;
  for (const owner of ownersInTurn(due, claim)) {
    if (picked.length >= claim.limit) break;
    lastOwner = owner;
    let room = claim.owners?.find((known) => known.owner === owner)?.limit ?? claim.perOwner;
    for (const task of due) {
      if (room > 0 && task.latest.head.owner === owner && pick(task)) room -= 1;
    }
  }
  return { picked, lastOwner };
}

/** The owners of tasks in the order of their bytes, from the one after `afterOwner` on and round. */
function ownersInTurn(tasks: readonly OwnedTask[], { afterOwner, limit }: ClaimTasks): readonly string[] {
  const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
  const owners = [...new Set(tasks.map(({ latest }) => latest.head.owner))].sort(byBytes);
  const isAfter = (owner: string) => afterOwner === undefined || byBytes(owner, afterOwner) > 0;
  const turn = [...owners.filter(isAfter), ...owners.filter((owner) => !isAfter(owner))];
  return turn.slice(0, LOOKED_AT_OWNERS + LOOKED_AT_OWNERS_PER_TASK * limit);
}
