import { TASK_METHODS } from '@mcp-tasks/wire';
import type { Generation, TaskRequest } from '../request/task-request.ts';
import { HANDLERS_2025 } from './handlers-2025.ts';
import { HANDLERS_2026 } from './handlers-2026.ts';
import type { TaskHandler } from './task-handler.ts';

const HANDLERS: Readonly<Record<Generation, Readonly<Record<string, TaskHandler>>>> = {
  '2025-11-25': HANDLERS_2025,
  '2026-07-28': HANDLERS_2026,
};

/** The methods that the SDK hands us: see `receive.ts` for the others. */
export const TASK_METHODS_2026: readonly string[] = Object.keys(HANDLERS_2026);

/** Every method of a task, of either generation. */
export const TASK_REQUEST_METHODS: readonly string[] = [
  ...new Set(Object.values(HANDLERS).flatMap((handlers) => Object.keys(handlers))),
];

/**
 * The handler of a method; undefined when it does not exist for this caller: it belongs to the other generation, the
 * caller may have no tasks, or shares an owner with others and so may not list.
 *
 * @see 2025-11-25, Tasks, "Task Isolation and Access Control"
 */
export function taskHandler(method: string, { generation, owner }: TaskRequest): TaskHandler | undefined {
  if (owner.kind === 'refused') return undefined;
  if (owner.kind === 'anonymous' && method === TASK_METHODS.LIST_2025) return undefined;
  return HANDLERS[generation][method];
}
