import type { ClaimOutcome, TaskHead, TaskRecord, TaskStore } from '../../src/index.ts';
import { MemoryTaskStore } from '../../src/memory/memory-task-store.ts';
import { newTask, T0_MS } from '../heads.ts';

/** Sizes of a store that keeps nothing. */
export const EMPTY_SIZES = {
  tasks: 0,
  expiry: 0,
  owners: 0,
  dueQueues: 0,
  expired: 0,
  claims: 0,
  sums: 0,
  listeners: 0,
};

/** Make a store with these tasks, each named by its place unless it has an id. */
export async function storeOf(...tasks: readonly Partial<TaskHead>[]): Promise<MemoryTaskStore> {
  const store = new MemoryTaskStore();
  for (const [place, fields] of tasks.entries()) await store.create(newTask({ taskId: `task-${place}`, ...fields }));
  return store;
}

export async function read(store: TaskStore, taskId: string, nowMs = T0_MS): Promise<TaskRecord | undefined> {
  return (await store.get({ taskIds: [taskId], kinds: ['call', 'variable'], nowMs }))[0];
}

/** The ids that a claim took, in its order. */
export function claimedIds({ records }: ClaimOutcome): readonly string[] {
  return records.map(({ head }) => head.taskId);
}
