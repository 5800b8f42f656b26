import type { TaskStore } from '@mcp-tasks/store';
import { expect } from 'vitest';
import { startProcess } from './processes.ts';
import { until } from './until.ts';

const STORES = 10;

/**
 * Let two processes open ten stores each at the same moment and create one task through all of them, by a script that
 * calls `openAtOnce`: one create of twenty makes the task, and both processes end of themselves.
 */
export async function createAtOnce(script: URL, options: object): Promise<void> {
  const start = () => startProcess(script, { ...options, stores: STORES });
  const processes = [start(), start()];
  await until('both processes', () => processes.every(({ lines }) => lines.includes('ready')));
  for (const { tell } of processes) tell('open');
  expect(await Promise.all(processes.map(({ ended }) => ended))).toEqual([0, 0]);
  const outcomes = processes.flatMap(({ lines }) => (lines[1] ?? '').split(' '));
  expect(outcomes.sort()).toEqual(['created', ...Array.from({ length: 2 * STORES - 1 }, () => 'existing')]);
}

/** Let another process create a task by the same script: a watch of this process's store hears of it. */
export async function hearOfAnotherProcess(store: TaskStore, script: URL, options: object): Promise<void> {
  const seen: string[] = [];
  await store.watch?.(({ status }) => seen.push(status));
  const other = startProcess(script, { ...options, stores: 1 });
  other.tell('open');
  expect(await other.ended).toBe(0);
  await until('a hint of the other process', () => seen.includes('working'));
}
