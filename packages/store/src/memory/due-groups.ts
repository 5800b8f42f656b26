import type { DueTasks } from '../port/task-store.ts';
import { DueIndex } from './due-index.ts';
import type { MemoryRecord } from './memory-record.ts';

/** Tasks that have a due time: a group for each pair of queue and handler. A pair without any leaves nothing behind. */
export class DueGroups {
  readonly #byQueue = new Map<string, Map<string, DueIndex>>();

  /** Number of queues with a task. */
  get size(): number {
    return this.#byQueue.size;
  }

  add(record: MemoryRecord): void {
    const { queue, handler } = record.head;
    let byHandler = this.#byQueue.get(queue);
    if (byHandler === undefined) this.#byQueue.set(queue, (byHandler = new Map<string, DueIndex>()));
    let group = byHandler.get(handler);
    if (group === undefined) byHandler.set(handler, (group = new DueIndex()));
    group.add(record);
  }

  remove(record: MemoryRecord): void {
    const { queue, handler } = record.head;
    const byHandler = this.#byQueue.get(queue);
    const group = byHandler?.get(handler);
    group?.remove(record);
    if (group?.size === 0) byHandler?.delete(handler);
    if (byHandler?.size === 0) this.#byQueue.delete(queue);
  }

  /** Find the groups of these handlers and queues as they are now: a write may end a group and begin another. */
  of(handlers: DueTasks['handlers'], queues: readonly string[]): readonly DueIndex[] {
    const groups: DueIndex[] = [];
    for (const queue of new Set(queues)) {
      const byHandler = this.#byQueue.get(queue);
      if (byHandler === undefined) continue;
      for (const handler of 'except' in handlers ? othersOf(byHandler, handlers.except) : new Set(handlers)) {
        const group = byHandler.get(handler);
        if (group !== undefined) groups.push(group);
      }
    }
    return groups;
  }
}

function othersOf(byHandler: ReadonlyMap<string, DueIndex>, known: readonly string[]): readonly string[] {
  const left = new Set(known);
  return [...byHandler.keys()].filter((handler) => !left.has(handler));
}
