/** Edits within which a name is taken for a misspelled one. */
const NEAR = 2;

/** The nearest of some names, and whether it is so near that it was meant. */
export function nearestName(
  name: string,
  names: readonly string[],
): { readonly nearest: string; readonly isNear: boolean } | undefined {
  const [best] = names
    .map((known) => ({ nearest: known, edits: editsBetween(name.toLowerCase(), known.toLowerCase()) }))
    .sort((one, other) => one.edits - other.edits);
  return best && { nearest: best.nearest, isNear: best.edits <= Math.min(NEAR, best.nearest.length - 1) };
}

/** How many letters have to be added, left out, replaced or swapped to make one text of the other. */
function editsBetween(one: string, other: string): number {
  let beforeLast: readonly number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row++) {
    const next = [row];
    for (let column = 1; column <= other.length; column++) {
      const isSame = one[row - 1] === other[column - 1];
      const isSwapped =
        row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      next[column] = Math.min(
        (last[column] ?? 0) + 1,
        (next[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
        isSwapped ? (beforeLast[column - 2] ?? 0) + 1 : Infinity,
      );
    }
    [beforeLast, last] = [last, next];
  }
  return last[other.length] ?? 0;
}
