import type { TaskHead } from './record.ts';
import type { TaskHint } from './task-store.ts';

/**
 * Make the hint of a write from the head after it.
 *
 * @example
 * declare const head: TaskHead;
 * const hint: TaskHint = hintOf(head);
 */
export function hintOf({ taskId, version, status, handler, queue, holder, dueAtMs }: TaskHead): TaskHint {
  if (holder !== undefined || dueAtMs === null) return { taskId, version, status };
  return { taskId, version, status, due: { handler, queue, atMs: dueAtMs } };
}
