import type { ClaimTasks } from '../port/task-store.ts';
import { claimPatch } from '../rules/claim.ts';
import { type DueIndex, ownerKey, ownerOfKey } from './due-index.ts';
import type { MemoryRecord } from './memory-record.ts';

/** Owners that a claim looks at, at most: some, and some more for each task that it may take. */
const LOOKED_AT_OWNERS = 64;
const LOOKED_AT_OWNERS_PER_TASK = 4;

/** The tasks that a claim takes. */
export interface Picked {
  readonly records: readonly MemoryRecord[];
  readonly lastOwner?: string | undefined;
}

/** Picks tasks one by one, as far as a claim allows. */
export class Picker {
  readonly picked: MemoryRecord[] = [];
  readonly #claim: ClaimTasks;
  readonly #suspectFrom: ReadonlyMap<string, number>;
  #suspects: number;

  constructor(claim: ClaimTasks) {
    this.#claim = claim;
    this.#suspects = claim.suspects;
    this.#suspectFrom = new Map(
      claim.handlers.map(({ name, suspectCrashCount = Infinity }): [string, number] => [name, suspectCrashCount]),
    );
  }

  isFull(): boolean {
    return this.picked.length >= this.#claim.limit;
  }

  /** Pick a task that is due, unless the claim must leave it. @returns whether it was picked. */
  pick(record: MemoryRecord): boolean {
    const { head } = record;
    const suspectFrom = this.#suspectFrom.get(head.handler);
    if (this.isFull() || suspectFrom === undefined || !this.#claim.queues.includes(head.queue)) return false;
    if (head.dueAtMs === null || head.dueAtMs > this.#claim.nowMs) return false;
    if (head.holder !== undefined && !this.#claim.takesLostRuns) return false;
    const { crashCount = head.crashCount } = claimPatch(head, this.#claim);
    if (crashCount >= suspectFrom) {
      if (this.#suspects <= 0) return false;
      this.#suspects -= 1;
    }
    this.picked.push(record);
    return true;
  }
}

/** Pick due tasks of these groups, owners in turn. */
export function pickInTurn(groups: readonly DueIndex[], claim: ClaimTasks): Picked {
  const picker = new Picker(claim);
  const rooms = new Map<string, number>(claim.owners?.map(({ owner, limit }) => [owner, limit]));
  for (const group of groups) group.moveTo(claim.nowMs);
  let lastOwner: string | undefined;
  let looksLeft = LOOKED_AT_OWNERS + LOOKED_AT_OWNERS_PER_TASK * claim.limit;
  for (const key of turn(groups, claim.afterOwner === undefined ? undefined : ownerKey(claim.afterOwner))) {
    if (picker.isFull() || looksLeft <= 0) break;
    looksLeft -= 1;
    lastOwner = ownerOfKey(key);
    let room = rooms.get(lastOwner) ?? claim.perOwner;
    for (const record of longestDueOf(groups, lastOwner)) {
      if (room <= 0 || picker.isFull() || (record.head.dueAtMs ?? Infinity) > claim.nowMs) break;
      if (picker.pick(record)) room -= 1;
    }
  }
  return { records: picker.picked, lastOwner };
}

/** Iterate over the owners of groups in their order, from the one after a key on, and round to it. */
function* turn(groups: readonly DueIndex[], after: string | undefined): Generator<string, undefined> {
  const next = (key: string | undefined): string | undefined =>
    groups.map((group) => group.ownerAfter(key)).reduce((one, other) => earlier(one, other), undefined);
  for (let key = next(after); key !== undefined; key = next(key)) yield key;
  if (after === undefined) return;
  for (let key = next(undefined); key !== undefined && key <= after; key = next(key)) yield key;
}

function earlier(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one < other ? one : other;
}

/** Merge the tasks of one owner from several groups, the longest due first. */
function* longestDueOf(groups: readonly DueIndex[], owner: string): Generator<MemoryRecord, undefined> {
  const iterators = groups.map((group) => group.ofOwner(owner)[Symbol.iterator]());
  const heads = iterators.map((iterator) => iterator.next());
  for (;;) {
    let first: { readonly index: number; readonly record: MemoryRecord } | undefined;
    for (const [index, head] of heads.entries()) {
      if (head.done === true) continue;
      if (first === undefined || isLongerDue(head.value, first.record)) first = { index, record: head.value };
    }
    if (first === undefined) return;
    yield first.record;
    const iterator = iterators[first.index];
    if (iterator !== undefined) heads[first.index] = iterator.next();
  }
}

/** Tell whether a task comes before another in the order of due tasks. */
export function isLongerDue({ head: one }: MemoryRecord, { head: other }: MemoryRecord): boolean {
  const [oneMs, otherMs] = [one.dueAtMs ?? Infinity, other.dueAtMs ?? Infinity];
  return oneMs < otherMs || (oneMs === otherMs && one.taskId < other.taskId);
}
