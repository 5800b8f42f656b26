import * as z from 'zod';
import { frozen } from '../schema/frozen.ts';
import { schemaOf } from '../schema/schema.ts';
import type { WireSchema } from '../schema/wire-schema.ts';

/**
 * The five statuses of a task, the same in both generations.
 *
 * @see 2025-11-25, Tasks, "Task Status"
 * @see SEP-2663, "Task Status"
 */
export const TASK_STATUSES = ['working', 'input_required', 'completed', 'failed', 'cancelled'] as const;

/** One of {@link TASK_STATUSES}. */
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** A status that a task never leaves. */
export type TerminalTaskStatus = 'completed' | 'failed' | 'cancelled';

/**
 * Which status may follow which: rows are the present status.
 *
 * @see 2025-11-25, Tasks, "Task Status Lifecycle"
 */
export const TASK_TRANSITIONS: Readonly<Record<TaskStatus, readonly TaskStatus[]>> = frozen({
  working: ['input_required', 'completed', 'failed', 'cancelled'],
  input_required: ['working', 'completed', 'failed', 'cancelled'],
  completed: [],
  failed: [],
  cancelled: [],
});

/**
 * Tell whether a task in this status is over.
 *
 * @example
 * isTerminalStatus('cancelled'); // true
 */
export function isTerminalStatus(status: TaskStatus): status is TerminalTaskStatus {
  return TASK_TRANSITIONS[status].length === 0;
}

/**
 * Tell whether a task may go from one status to the other; never true for a self transition.
 *
 * @example
 * canTransition('working', 'completed'); // true
 * canTransition('completed', 'working'); // false
 */
export function canTransition(from: TaskStatus, to: TaskStatus): boolean {
  return TASK_TRANSITIONS[from].includes(to);
}

/** {@link TaskStatus}. */
export const TaskStatusSchema: WireSchema<TaskStatus> = schemaOf(z.enum(TASK_STATUSES));
