import { type ClaimTasks, type CreateTask, hintOf, type ListPosition, type UpdateTask } from '@mcp-tasks/store';
import { hintMessage } from './hints.ts';
import { fieldArguments, groupKey, keyArguments, listArguments, ownerKey, putArguments, sortedOwner } from './rows.ts';

type Arguments = readonly (string | number)[];

/** The owner after which a claim begins, as a bound of a lexical set. */
const turnFrom = (owner: string | undefined): string => (owner === undefined ? '-' : `(${sortedOwner(owner)}`);

/** Scripts read numbers, and infinity has no one name. */
const finite = (limit: number): number => Math.min(limit, Number.MAX_SAFE_INTEGER);

/** Encode a create for its script. */
export function createArguments({ head, entries, idempotencyKey, limits, nowMs }: CreateTask, channel: string) {
  return [
    channel,
    hintMessage(hintOf(head)),
    head.taskId,
    ownerKey(head.owner),
    nowMs,
    finite(limits.maxActiveTasks),
    finite(limits.maxStoredTasks),
    finite(limits.maxStoredBytes),
    ...(idempotencyKey === undefined ? ['0'] : ['1', idempotencyKey]),
    ...fieldArguments(head),
    ...putArguments(entries),
  ] satisfies Arguments;
}

/** Encode an update for its script. */
export function updateArguments(
  { taskId, expected, writeId, patch, maxStoredBytes, nowMs }: UpdateTask,
  channel: string,
): Arguments {
  const unset = Object.entries(patch.head).flatMap(([name, value]) => (value === null ? [name] : []));
  const deleted = patch.delete ?? [];
  return [
    channel,
    taskId,
    expected.version,
    expected.writeId,
    writeId,
    nowMs,
    maxStoredBytes === undefined ? '' : finite(maxStoredBytes),
    ...fieldArguments(patch.head),
    ...listArguments(unset),
    deleted.length,
    ...deleted.flatMap(keyArguments),
    ...putArguments(patch.put ?? []),
  ];
}

/** Encode a claim for its script. */
export function claimArguments(claim: ClaimTasks, channel: string): Arguments {
  const { handlers, queues, taskIds, holder, writeId, nowMs, leaseMs, limit, perOwner, owners = [], kinds } = claim;
  const groups = new Map<string, number | string>();
  for (const queue of queues)
    for (const { name, suspectCrashCount = '' } of handlers) groups.set(groupKey(queue, name), suspectCrashCount);
  return [
    channel,
    holder,
    writeId,
    nowMs,
    leaseMs,
    finite(limit),
    finite(perOwner),
    finite(claim.suspects),
    claim.takesLostRuns ? '1' : '0',
    turnFrom(claim.afterOwner),
    groups.size,
    ...[...groups].flat(),
    owners.length,
    ...owners.flatMap((room) => [sortedOwner(room.owner), finite(room.limit)]),
    ...listArguments(kinds),
    ...(taskIds === undefined ? ['0'] : ['1', ...listArguments([...new Set(taskIds)])]),
  ];
}

/** Name the groups of tasks that are of these handlers and queues. */
export function groupKeys(handlers: readonly string[], queues: readonly string[]): readonly string[] {
  return [...new Set(queues)].flatMap((queue) => [...new Set(handlers)].map((name) => groupKey(queue, name)));
}

/** Turn a position into text that sorts by creation, then id; the id begins at the 17th byte. */
export const placeOf = ({ createdAtMs, taskId }: ListPosition): string =>
  createdAtMs.toFixed(0).padStart(16, '0') + taskId;
