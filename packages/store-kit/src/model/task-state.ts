import { isDeepStrictEqual } from 'node:util';
import type { TaskEntry, TaskEntryKey, TaskHead, TaskPatch } from '@mcp-tasks/store';
import { isTerminalStatus } from '@mcp-tasks/wire';

/** A task as the sequential record says it is at one version. */
export interface TaskState {
  /** Its `dueAtMs` is that of the write: a renewal moves it without a version. */
  readonly head: TaskHead;
  readonly entries: ReadonlyMap<string, TaskEntry>;
  readonly countBytes: CountBytes;
}

/** Counts the bytes of one entry, as the store does. */
export type CountBytes = (entry: TaskEntry) => number;

const keyOf = ({ kind, name }: TaskEntryKey) => `${kind} ${name}`;

/** Tell whether a task is neither terminal nor gone. */
export function isActive({ head }: TaskState): boolean {
  return !isTerminalStatus(head.status);
}

/** Make the first state of a task. */
export function createdState(head: TaskHead, entries: readonly TaskEntry[], countBytes: CountBytes): TaskState {
  return stateOf(head, new Map(entries.map((entry) => [keyOf(entry), entry])), countBytes);
}

/** Make the state after a patch: a field that is null is gone, but `dueAtMs`, which is null. */
export function patchedState(before: TaskState, patch: TaskPatch, writeId: string): TaskState {
  const head = Object.fromEntries(
    Object.entries({ ...before.head, ...patch.head }).filter(([name, value]) => value !== null || name === 'dueAtMs'),
  ) as unknown as TaskHead; // the fields are those of two heads
  const entries = new Map(before.entries);
  for (const key of patch.delete ?? []) entries.delete(keyOf(key));
  for (const entry of patch.put ?? []) entries.set(keyOf(entry), entry);
  return stateOf({ ...head, version: before.head.version + 1, writeId }, entries, before.countBytes);
}

/** Make the state after a claim. */
export function claimedState(
  before: TaskState,
  claim: { readonly holder: string; readonly leaseMs: number; readonly nowMs: number; readonly writeId: string },
): TaskState {
  const { head } = before;
  const isLost = head.holder !== undefined && head.holder !== claim.holder;
  const next: TaskHead = {
    ...head,
    version: head.version + 1,
    writeId: claim.writeId,
    attempt: head.attempt + 1,
    holder: claim.holder,
    crashCount: head.crashCount + Number(isLost),
    dueAtMs: claim.nowMs + claim.leaseMs,
    lastUpdatedAtMs: claim.nowMs,
  };
  return { ...before, head: next };
}

/** Count the bytes by which a patch makes the entries of a state grow. */
export function growthOf(before: TaskState, patch: TaskPatch): number {
  return patchedState(before, patch, '').head.entryBytes - before.head.entryBytes;
}

/** Say in which fields a head differs from the right one; undefined when it is the same. The due time is apart. */
export function differenceOf(head: TaskHead, right: TaskHead): string | undefined {
  const [one, other] = [fieldsOf(head), fieldsOf(right)];
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  const wrong = names.filter((name) => name !== 'dueAtMs' && !isDeepStrictEqual(one[name], other[name]));
  if (wrong.length === 0) return undefined;
  return wrong.map((name) => `${name} is ${asText(one[name])} and not ${asText(other[name])}`).join(', ');
}

/** Say which entries differ from those of a state, among some kinds; undefined when none does. */
export function entriesDifference(
  entries: readonly TaskEntry[],
  { entries: right }: TaskState,
  kinds: readonly string[],
): string | undefined {
  const lines = (all: Iterable<TaskEntry>) =>
    [...all]
      .filter(({ kind }) => kinds.includes(kind))
      .map(({ kind, name, value }) => JSON.stringify([kind, name, value]))
      .sort();
  const [seen, wanted] = [lines(entries), lines(right.values())];
  return isDeepStrictEqual(seen, wanted) ? undefined : `entries are ${seen.join(' ')} and not ${wanted.join(' ')}`;
}

function stateOf(head: TaskHead, entries: ReadonlyMap<string, TaskEntry>, countBytes: CountBytes): TaskState {
  const bytes = [...entries.values()].reduce((sum, entry) => sum + countBytes(entry), 0);
  return { head: { ...head, entryBytes: bytes }, entries, countBytes };
}

function fieldsOf(head: TaskHead): Record<string, unknown> {
  return JSON.parse(JSON.stringify(head)) as Record<string, unknown>;
}

function asText(value: unknown): string {
  return value === undefined ? 'absent' : JSON.stringify(value);
}
