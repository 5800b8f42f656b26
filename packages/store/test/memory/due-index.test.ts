import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DueIndex, ownerKey, ownerOfKey } from '../../src/memory/due-index.ts';
import { MemoryRecord } from '../../src/memory/memory-record.ts';
import { anyText } from '../any-text.ts';
import { newHead } from '../heads.ts';

const OWNERS = ['a', 'a\0', '\uffff', '\u{10000}'];

/** One thing that is done to the index. */
type Act =
  | { readonly does: 'add'; readonly owner: string; readonly dueAtMs: number }
  | { readonly does: 'remove'; readonly place: number }
  | { readonly does: 'move'; readonly toMs: number };

const times = fc.integer({ min: 0, max: 9 });
const acts: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ does: fc.constant('add' as const), owner: fc.constantFrom(...OWNERS), dueAtMs: times }),
  fc.record({ does: fc.constant('remove' as const), place: fc.nat(99) }),
  fc.record({ does: fc.constant('move' as const), toMs: times }),
);

const byTime = ({ head: one }: MemoryRecord, { head: other }: MemoryRecord) =>
  (one.dueAtMs ?? 0) - (other.dueAtMs ?? 0) || (one.taskId < other.taskId ? -1 : 1);
const byBytes = (one: string, other: string) => Buffer.compare(Buffer.from(one), Buffer.from(other));

function ownersOf(index: DueIndex): readonly string[] {
  const owners: string[] = [];
  for (let key = index.ownerAfter(undefined); key !== undefined; key = index.ownerAfter(key))
    owners.push(ownerOfKey(key));
  return owners;
}

describe('DueIndex', () => {
  it('[DURA-07] is like a list that is sorted anew at each look, whatever is added, removed and becomes due', () => {
    fc.assert(
      fc.property(fc.array(acts, { maxLength: 60 }), (all) => {
        const index = new DueIndex();
        const records: MemoryRecord[] = [];
        let dueUntilMs = -Infinity;
        for (const [number, act] of all.entries()) {
          if (act.does === 'add') {
            const { owner, dueAtMs } = act;
            const record = new MemoryRecord(newHead({ taskId: `task-${number}`, owner, dueAtMs }), [], undefined);
            records.push(record);
            index.add(record);
          } else if (act.does === 'move') {
            dueUntilMs = Math.max(dueUntilMs, act.toMs);
            index.moveTo(act.toMs);
          } else {
            const [record] = records.splice(act.place % Math.max(1, records.length), 1);
            if (record !== undefined) index.remove(record);
          }
          const sorted = records.toSorted(byTime);
          const due = sorted.filter(({ head }) => (head.dueAtMs ?? Infinity) <= dueUntilMs);
          const owners = new Set(due.map(({ head }) => head.owner));
          expect(index.size).toBe(sorted.length);
          expect(index.first()).toBe(sorted[0]);
          expect([...index.longestDue()]).toEqual(sorted);
          const from = { number: 5, taskId: 'task-2' };
          const isAtOrBehind = ({ head: { dueAtMs, taskId } }: MemoryRecord) =>
            (dueAtMs ?? 0) > from.number || (dueAtMs === from.number && taskId >= from.taskId);
          expect([...index.longestDue(from)]).toEqual(sorted.filter(isAtOrBehind));
          expect(ownersOf(index)).toEqual([...owners].sort(byBytes));
          for (const owner of OWNERS) {
            expect([...index.ofOwner(owner)]).toEqual(due.filter(({ head }) => head.owner === owner));
          }
        }
      }),
    );
  });

  it('[DURA-07] finds the owner after one that is not there', () => {
    const index = new DueIndex();
    for (const owner of OWNERS)
      index.add(new MemoryRecord(newHead({ taskId: owner, owner, dueAtMs: 1 }), [], undefined));
    index.moveTo(1);
    const after = (owner: string) => {
      const key = index.ownerAfter(ownerKey(owner));
      return key === undefined ? undefined : ownerOfKey(key);
    };
    expect([after(''), after('Z'), after('b'), after('\u{20000}')]).toEqual(['a', 'a', '\uffff', undefined]);
  });
});

describe('the key of an owner', () => {
  it('[DURA-07] gives the owner back, and is in the order of the bytes', () => {
    fc.assert(
      fc.property(anyText({ maxLength: 4 }), anyText({ maxLength: 4 }), (one, other) => {
        expect(ownerOfKey(ownerKey(one))).toBe(one);
        const [key, otherKey] = [ownerKey(one), ownerKey(other)];
        expect(Math.sign(Number(key > otherKey) - Number(key < otherKey))).toBe(Math.sign(byBytes(one, other)));
      }),
    );
  });
});
