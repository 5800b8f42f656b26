import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OrderedIndex } from '../../src/memory/ordered-index.ts';

interface Item {
  readonly taskId: string;
  readonly number: number;
}

const descending = (one: Item, other: Item) =>
  other.number - one.number || (one.taskId < other.taskId ? 1 : one.taskId > other.taskId ? -1 : 0);

/** An index that counts how often it looked at an item. */
function countedIndex() {
  const looks = { count: 0 };
  const index = new OrderedIndex<Item>((item) => {
    looks.count += 1;
    return item.number;
  });
  return { index, looks };
}

describe('OrderedIndex', () => {
  it('[STOR-05] orders like a sorted array after any inserts and deletes, from any place', () => {
    const items = fc.uniqueArray(
      fc.record({ taskId: fc.string({ maxLength: 3 }), number: fc.integer({ min: 0, max: 9 }) }),
      {
        selector: (item) => JSON.stringify([item.number, item.taskId]),
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(
        items,
        fc.array(fc.nat()),
        fc.integer({ min: -1, max: 10 }),
        fc.string({ maxLength: 3 }),
        (all, gone, number, taskId) => {
          const { index } = countedIndex();
          const left = new Set(all);
          for (const item of all) index.insert(item);
          for (const place of gone) {
            const item = all[place % Math.max(1, all.length)];
            if (item === undefined) continue;
            index.delete(item);
            left.delete(item);
          }
          const sorted = [...left].sort(descending);
          expect([...index.descending()]).toEqual(sorted);
          expect([...index.ascending()]).toEqual(sorted.toReversed());
          expect(index.size).toBe(sorted.length);
          expect(index.first()).toBe(sorted.at(-1));
          expect(index.last()).toBe(sorted[0]);
          const place = { number, taskId };
          expect([...index.descending(place)]).toEqual(sorted.filter((item) => descending(place, item) < 0));
          const isAtOrAbove = (item: Item) => descending(place, item) >= 0;
          expect([...index.ascending(place)]).toEqual(sorted.toReversed().filter(isAtOrAbove));
        },
      ),
    );
  });

  it('[STOR-05] keeps its order across many chunks, filled at random and emptied from either end', () => {
    const { index } = countedIndex();
    const all = Array.from({ length: 5_000 }, (_, place) => ({
      taskId: `t${place % 7}`,
      number: (place * 2_654_435_761) % 1_000,
    }));
    for (const item of all) index.insert(item);
    const numbers = [...index.ascending()].map((item) => item.number);
    expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
    for (let turn = 0; index.size > 0; turn += 1) {
      const end = turn % 2 === 0 ? index.first() : index.last();
      if (end === undefined) throw new RangeError('an index with a size has ends');
      index.delete(end);
    }
    expect([...index.ascending()]).toEqual([]);
  });

  it('[STOR-05] goes up from any place in many chunks: an item, a gap, before all and behind all', () => {
    const { index } = countedIndex();
    const all = Array.from({ length: 2_000 }, (_, place) => ({ taskId: 'x', number: place * 2 }));
    for (const item of all) index.insert(item);
    for (let number = -1; number <= 4_000; number += 1) {
      const from = { number, taskId: 'x' };
      const items = index.ascending(from);
      const first = Math.max(0, Math.ceil(number / 2));
      expect([items.next().value, items.next().value]).toEqual([all[first], all[first + 1]]);
      expect(index.ascending({ ...from, taskId: 'x\0' }).next().value).toBe(all[Math.floor(number / 2) + 1]);
    }
    expect([...index.ascending({ number: 3_990, taskId: '' })]).toEqual(all.slice(1_995));
  });

  it('[STOR-05] looks at a number of items that grows with the logarithm of the size', () => {
    const { index, looks } = countedIndex();
    const size = 100_000;
    for (let number = 0; number < size; number += 1) index.insert({ taskId: 'x', number });
    const middle = { taskId: 'x', number: size / 2 + 0.5 };
    looks.count = 0;
    index.insert(middle);
    index.delete(middle);
    const page = index.descending({ number: size / 2, taskId: 'x' });
    for (let visited = 0; visited < 51; visited += 1) page.next();
    // Three searches of at most 9 + 10 + a few comparisons each.
    expect(looks.count).toBeLessThan(100);
    looks.count = 0;
    const upward = index.ascending({ number: size / 2, taskId: 'x' });
    for (let visited = 0; visited < 51; visited += 1) upward.next();
    expect(looks.count).toBeLessThan(40);
  });
});
