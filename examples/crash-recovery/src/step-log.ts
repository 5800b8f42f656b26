import { readFileSync, writeFileSync } from 'node:fs';

/** How often each step of each task was executed so far; a key is `TASKID STEP`. */
export type Executions = ReadonlyMap<string, number>;

/** Make an empty log. */
export function createLog(file: string): void {
  writeFileSync(file, '');
}

/** Count the lines of the log. A line that a kill cut off is that of a step in flight. */
export function readLog(file: string): Executions {
  const counts = new Map<string, number>();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line !== '') counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  return counts;
}
