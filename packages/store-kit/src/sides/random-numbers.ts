import assert from 'node:assert/strict';

/** Numbers that a seed fixes. */
export interface RandomNumbers {
  /** Pick a whole number from 0 to below `limit`. */
  readonly below: (limit: number) => number;
  readonly pick: <Item>(items: readonly Item[]) => Item;
  /** Answer true for this share of all asks. */
  readonly chance: (share: number) => boolean;
  /** Make an id that no other call gets. */
  readonly id: () => string;
}

/** Make numbers that the seed fixes (mulberry32). */
export function randomNumbers(seed: number): RandomNumbers {
  let state = seed;
  let ids = 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return {
    below,
    pick<Item>(items: readonly Item[]): Item {
      assert.ok(items.length > 0, 'nothing to pick from');
      return items[below(items.length)] as Item;
    },
    chance: (share) => next() < share,
    id: () =>
      `${++ids}-${[1, 2, 3]
        .map(() =>
          below(2 ** 32)
            .toString(16)
            .padStart(8, '0'),
        )
        .join('')}`,
  };
}
