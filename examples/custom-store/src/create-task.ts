import { type CreateTask, type CreateTaskOutcome, entryBytes, type OwnerLimits } from '@mcp-tasks/store';
import { type OwnedTask, OwnerFolder, sumOfBytes } from './owner-folder.ts';
import { TaskJournal } from './task-journal.ts';
import { isActive, isLive, longestExpiredFirst } from './task-order.ts';

/** Most expired tasks that a create removes. */
const REMOVED_BY_CREATE = 100;

/** Add a task, unless it exists or its owner is at a limit; call it under the lock of the owner. */
export async function createTask(root: string, folder: OwnerFolder, input: CreateTask): Promise<CreateTaskOutcome> {
  const { head, entries, idempotencyKey, limits, nowMs } = input;
  const tasks = await folder.tasks();
  const journal = new TaskJournal(root, head.taskId);
  const sameId = await journal.latest();
  const sameKey = tasks.filter((task) => idempotencyKey !== undefined && task.idempotencyKey === idempotencyKey);
  const existing = [sameId, ...sameKey.map(({ latest }) => latest)].find((known) => known && isLive(known.head, nowMs));
  if (existing !== undefined) return { status: 'existing', head: existing.head };

  const active = tasks.filter(({ latest }) => isActive(latest.head) && isLive(latest.head, nowMs));
  if (active.length >= limits.maxActiveTasks) {
    return { status: 'over-quota', limit: 'maxActiveTasks', retryable: false };
  }
  const bytes = entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
  if (limitReached(tasks, bytes, limits) !== undefined) {
    const expired = longestExpiredFirst(tasks, nowMs);
    for (const task of expired.slice(0, REMOVED_BY_CREATE)) await folder.remove(task);
    const limit = limitReached(await folder.tasks(), bytes, limits);
    if (limit !== undefined) return { status: 'over-quota', limit, retryable: expired.length > REMOVED_BY_CREATE };
  }
  // An expired task frees its id.
  if (sameId !== undefined) await new OwnerFolder(root, sameId.head.owner).remove({ journal, latest: sameId });
  return { status: 'created', head: await folder.add(input) };
}

function limitReached(tasks: readonly OwnedTask[], bytes: number, limits: OwnerLimits): keyof OwnerLimits | undefined {
  if (tasks.length >= limits.maxStoredTasks) return 'maxStoredTasks';
  return sumOfBytes(tasks) + bytes > limits.maxStoredBytes ? 'maxStoredBytes' : undefined;
}
