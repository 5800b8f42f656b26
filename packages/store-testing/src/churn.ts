import type { TaskStore } from '@mcp-tasks/store';
import { newTask, NOW_MS, ROOMY } from './tasks.ts';

/** Tasks that {@link churn} creates at once. */
const AT_ONCE = 25;

/** Options of {@link churn}. */
export interface ChurnOptions {
  readonly maxStoredBytes: number;
  /** Bytes of the one entry of each task. */
  readonly entryBytes: number;
  readonly tasks: number;
  /** Time that the creates take, by the `nowMs` that the store is told. */
  readonly forMs: number;
  /** Called from time to time, to measure. */
  readonly onPart: () => void | Promise<void>;
}

/** Create tasks of one owner that live for 1 ms to 1 s, with no sweep. @returns the numbers of creates by status. */
export async function churn(store: TaskStore, options: ChurnOptions): Promise<Readonly<Record<string, number>>> {
  const { maxStoredBytes, entryBytes, tasks, forMs, onPart } = options;
  const limits = { ...ROOMY, maxStoredBytes };
  const counts: Record<string, number> = {};
  for (let from = 0; from < tasks; from += AT_ONCE) {
    const nowMs = NOW_MS + Math.floor((forMs * from) / tasks);
    const create = (index: number) => {
      const ttlMs = 1 + ((index * 7_919) % 1_000);
      const times = { createdAtMs: nowMs, lastUpdatedAtMs: nowMs, dueAtMs: nowMs, ttlMs, expiresAtMs: nowMs + ttlMs };
      const entries = [{ kind: 'call' as const, name: '', value: JSON.stringify('x'.repeat(entryBytes - 2)) }];
      return store.create(newTask(times, { entries, limits, nowMs }));
    };
    const outcomes = await Promise.all(Array.from({ length: AT_ONCE }, (_, number) => create(from + number)));
    for (const { status } of outcomes) counts[status] = (counts[status] ?? 0) + 1;
    if ((from / AT_ONCE) % 20 === 0) await onPart();
  }
  await onPart();
  return counts;
}
