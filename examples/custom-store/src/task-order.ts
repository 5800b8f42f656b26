import type { DuePosition, DueTasks, ListPosition, TaskHead } from '@mcp-tasks/store';
import { isTerminalStatus } from '@mcp-tasks/wire';
import type { OwnedTask } from './owner-folder.ts';

// What the port says of heads: which are live, active and due, and in which order they come.

export const isLive = (head: TaskHead, nowMs: number): boolean => nowMs < head.expiresAtMs;
export const isActive = (head: TaskHead): boolean => !isTerminalStatus(head.status);
export const isDue = (head: TaskHead, nowMs: number): boolean => head.dueAtMs !== null && head.dueAtMs <= nowMs;

/** Tell whether a task of these handlers and queues has a time at which it is due. */
export function hasDueTime(head: TaskHead, handlers: DueTasks['handlers'], queues: readonly string[]): boolean {
  const isOfThese = 'except' in handlers ? !handlers.except.includes(head.handler) : handlers.includes(head.handler);
  return isActive(head) && head.dueAtMs !== null && isOfThese && queues.includes(head.queue);
}

/** The order of an owner's list. */
export function newestFirst(a: ListPosition, b: ListPosition): number {
  return b.createdAtMs - a.createdAtMs || (a.taskId < b.taskId ? 1 : a.taskId > b.taskId ? -1 : 0);
}

/** The order of due tasks. */
export function longestDueFirst(a: DuePosition | TaskHead, b: DuePosition | TaskHead): number {
  return (a.dueAtMs ?? 0) - (b.dueAtMs ?? 0) || (a.taskId < b.taskId ? -1 : a.taskId > b.taskId ? 1 : 0);
}

/** Those of the tasks that have expired, in the order in which they are removed. */
export function longestExpiredFirst(tasks: readonly OwnedTask[], nowMs: number): OwnedTask[] {
  const expired = tasks.filter(({ latest }) => !isLive(latest.head, nowMs));
  return expired.sort((a, b) => a.latest.head.expiresAtMs - b.latest.head.expiresAtMs);
}
