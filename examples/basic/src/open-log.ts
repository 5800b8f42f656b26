import { appendFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** One thing that a run did: it opened a file, saw its signal abort, or ended. */
export type LogEntry =
  | { readonly taskId: string; readonly event: 'open'; readonly file: string }
  | { readonly taskId: string; readonly event: 'abort' | 'end' };

/** Writes each entry to the file before it returns, so that the order of the lines is the order of what happened. */
export function openLog(file: string): (entry: LogEntry) => void {
  return (entry) => {
    appendFileSync(file, `${JSON.stringify(entry)}\n`);
  };
}

/** The log of one task's run, in order. */
export async function readOpenLog(file: string, taskId: string): Promise<readonly LogEntry[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as LogEntry).filter((entry) => entry.taskId === taskId);
}
