import type { TaskHead } from '@mcp-tasks/store';
import type { TaskState } from './task-state.ts';

/** An expired task, and whether it is surely stored still: a create may have removed it without a word. */
interface ExpiredTask {
  readonly head: TaskHead;
  isStored: boolean;
}

/** The tasks that have expired and that no sweep has answered yet. */
export class ExpiredTasks {
  readonly #tasks = new Map<string, ExpiredTask>();

  ids(): string[] {
    return [...this.#tasks.keys()];
  }

  add({ head }: TaskState): void {
    this.#tasks.set(head.taskId, { head, isStored: true });
  }

  get(taskId: string): TaskHead | undefined {
    return this.#tasks.get(taskId)?.head;
  }

  remove(taskId: string): void {
    this.#tasks.delete(taskId);
  }

  /** Find those of an owner (of all without one), all or only those that are surely stored. */
  of(owner: string | undefined, which: 'all' | 'stored'): readonly TaskHead[] {
    return [...this.#tasks.values()]
      .filter(({ head, isStored }) => (owner === undefined || head.owner === owner) && (which === 'all' || isStored))
      .map(({ head }) => head);
  }

  /** A create of this owner may have removed what has expired. */
  doubt(owner: string): void {
    for (const task of this.#tasks.values()) if (task.head.owner === owner) task.isStored = false;
  }
}
