import type { ClaimTasks, CreateTask, TaskEntryKey, UpdateTask } from '@mcp-tasks/store';
import { headParameter } from './rows.ts';

/** Encode text that is compared by its bytes. */
export const bytes = (text: string): Buffer => Buffer.from(text, 'utf8');

/** Encode texts that are compared as they are, each once. */
export const jsonTexts = (texts: readonly string[]): string[] =>
  [...new Set(texts)].map((text) => JSON.stringify(text));

/** Tell whether PostgreSQL can store a text. It stores no NUL, so no task has an id with one. */
export const isStorableText = (text: string): boolean => !text.includes('\0');

const withinBigint = (number: number): number =>
  Math.trunc(Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, number)));

/** Turn a position into parameters. A caller can make a cursor up, so any content has to name a place. */
export const placeOf = (instantMs: number, taskId: string): [number, string] => [
  withinBigint(instantMs),
  taskId.replaceAll('\0', ''),
];

const columns = (keys: readonly TaskEntryKey[]): [string[], Buffer[]] => [
  keys.map(({ kind }) => kind),
  keys.map(({ name }) => bytes(name)),
];

/** Make the parameters of `create`. */
export function createParameters({ head, entries, idempotencyKey, limits, nowMs }: CreateTask): unknown[] {
  const { owner, ...rest } = head;
  return [
    headParameter(rest),
    bytes(owner),
    idempotencyKey === undefined ? null : bytes(idempotencyKey),
    withinBigint(limits.maxActiveTasks),
    withinBigint(limits.maxStoredTasks),
    withinBigint(limits.maxStoredBytes),
    nowMs,
    ...columns(entries),
    entries.map(({ value }) => value),
  ];
}

/** Make the parameters of `update`. */
export function updateParameters(update: UpdateTask): unknown[] {
  const { taskId, expected, writeId, patch, maxStoredBytes, nowMs } = update;
  const put = patch.put ?? [];
  return [
    isStorableText(taskId) ? taskId : '',
    expected.version,
    expected.writeId,
    writeId,
    nowMs,
    maxStoredBytes === undefined ? null : withinBigint(maxStoredBytes),
    headParameter(patch.head),
    ...columns(put),
    put.map(({ value }) => value),
    ...columns(patch.delete ?? []),
  ];
}

/** Make the parameters of `claim`. */
export function claimParameters(claim: ClaimTasks): unknown[] {
  const { handlers, queues, taskIds, holder, writeId, leaseMs, limit, perOwner, owners = [], afterOwner } = claim;
  const suspectFrom = new Map(handlers.map(({ name, suspectCrashCount }) => [name, suspectCrashCount]));
  const rooms = new Map(owners.map((room) => [room.owner, room.limit]));
  return [
    jsonTexts([...suspectFrom.keys()]),
    [...suspectFrom.values()].map((count) => (count === undefined ? null : withinBigint(count))),
    jsonTexts(queues),
    taskIds === undefined ? null : [...new Set(taskIds)].filter(isStorableText),
    JSON.stringify(holder),
    writeId,
    leaseMs,
    withinBigint(limit),
    withinBigint(perOwner),
    [...rooms.keys()].map((owner) => bytes(owner)),
    [...rooms.values()].map((room) => withinBigint(room)),
    afterOwner === undefined ? null : bytes(afterOwner),
    withinBigint(claim.suspects),
    claim.takesLostRuns,
    claim.kinds,
    claim.nowMs,
  ];
}
