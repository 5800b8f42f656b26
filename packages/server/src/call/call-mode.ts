import { TaskError } from '@mcp-tasks/store';
import type { TaskSupport } from '@mcp-tasks/wire';
import { tasksExtensionRequired } from '../request/client-capabilities.ts';
import type { ResolvedOwner } from '../request/owner.ts';
import type { Generation } from '../request/task-request.ts';

/** Facts that decide how a call of a task tool is served. */
export interface CallModeInput {
  readonly tool: string;
  readonly support: TaskSupport;
  readonly generation: Generation;
  readonly owner: ResolvedOwner['kind'];
  /** 2025-11-25: the request has `params.task`; 2026-07-28: it declares the extension. */
  readonly asksForTask: boolean;
}

/**
 * How a call is served: as a task, inside the request, or not at all.
 *
 * @see 2025-11-25, Tasks, "Tool-Level Negotiation"; SEP-2663, "Capability Negotiation"
 */
export function callMode(input: CallModeInput): 'task' | 'inline' | TaskError {
  const { tool, support, generation, owner } = input;
  const asksForTask = input.asksForTask && owner !== 'refused';
  if (support === 'required') return asksForTask ? 'task' : taskRequired(input);
  if (support === 'optional') return asksForTask ? 'task' : 'inline';
  return asksForTask && generation === '2025-11-25' ? taskNotSupported(tool) : 'inline';
}

/** The error for a 2025-11-25 call that asks for a task of a tool that makes none. */
export function taskNotSupported(tool: string): TaskError {
  return new TaskError('TASK_NOT_SUPPORTED', `Tool "${tool}" does not run as a task.`, { details: { tool } });
}

function taskRequired({ tool, generation, owner }: CallModeInput): TaskError {
  const details = { tool };
  if (owner === 'refused') {
    const message = `Tool "${tool}" runs only as a task, and tasks need an authenticated caller.`;
    return new TaskError('TASK_OWNER_REQUIRED', message, { details });
  }
  if (generation === '2026-07-28') return tasksExtensionRequired();
  return new TaskError('TASK_REQUIRED', `Tool "${tool}" runs only as a task: call it with \`task\`.`, { details });
}
