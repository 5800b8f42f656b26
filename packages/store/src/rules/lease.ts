import { isTerminalStatus } from '@mcp-tasks/wire';
import type { TaskHead } from '../port/record.ts';
import type { TaskLease } from '../port/task-store.ts';

/**
 * Tell whether the run may write for the task. The end of the lease does not matter here: it only allows another
 * process to take the task over, which changes attempt and holder.
 */
export function holds(lease: TaskLease, head: TaskHead): boolean {
  return isHeldAs(lease, head) && !isTerminalStatus(head.status);
}

function isHeldAs(lease: TaskLease, head: TaskHead): boolean {
  return head.attempt === lease.attempt && head.holder === lease.holder;
}

/** Tell whether the run gave the task back: the task has no holder, and no later run has begun. */
export function gaveBack(lease: TaskLease, head: TaskHead): boolean {
  return head.attempt === lease.attempt && head.holder === undefined && !isTerminalStatus(head.status);
}

/** Tell whether the task waits without a holder: for an event, or asleep until its time. What wakes it makes it due. */
export function isParked({ holder, status, dueAtMs }: TaskHead, nowMs: number): boolean {
  return holder === undefined && !isTerminalStatus(status) && (dueAtMs === null || dueAtMs > nowMs);
}
