import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { TaskStore } from '@mcp-tasks/store';

/** How often each step ran so far, by `TASKID STEP`, as `count_steps` wrote it before anything else. */
export function readExecutions(folder: string, file: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const log = path.join(folder, file);
  if (!existsSync(log)) return counts;
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    if (line !== '') counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  return counts;
}

/** The steps whose value is stored, by `TASKID STEP`, and the status of each task. */
export async function readStored(
  store: TaskStore,
  taskIds: readonly string[],
): Promise<{ readonly steps: ReadonlySet<string>; readonly found: number }> {
  const records = await store.get({ taskIds, kinds: ['checkpoint'], nowMs: Date.now() });
  const steps = records.flatMap(({ head, entries }) =>
    entries.filter(({ kind }) => kind === 'checkpoint').map(({ name }) => `${head.taskId} ${name}`),
  );
  return { steps: new Set(steps), found: records.length };
}
