/** A chunk splits at twice this size: an insert or delete moves few elements, however many there are. */
const CHUNK_SIZE = 256;

/** The second key of the order, beside the number: makes the order total. */
export interface Identified {
  readonly taskId: string;
}

/** A place in the order. */
export interface Place extends Identified {
  readonly number: number;
}

/**
 * Items in ascending order of (number, task id): a sorted list in chunks.
 *
 * Insert and delete cost O(log n) comparisons and the move of one small chunk; iteration costs what it visits.
 * The number of an item must not change while the item is in the index.
 */
export class OrderedIndex<Item extends Identified> {
  readonly #numberOf: (item: Item) => number;
  /** Never holds an empty chunk. */
  readonly #chunks: Item[][] = [];
  #size = 0;

  constructor(numberOf: (item: Item) => number) {
    this.#numberOf = numberOf;
  }

  get size(): number {
    return this.#size;
  }

  first(): Item | undefined {
    return this.#chunks[0]?.[0];
  }

  last(): Item | undefined {
    return this.#chunks.at(-1)?.at(-1);
  }

  insert(item: Item): void {
    this.#size += 1;
    const place = this.#find(this.#numberOf(item), item.taskId);
    const chunk = this.#chunks[place.chunk];
    if (chunk === undefined) {
      this.#chunks.push([item]);
      return;
    }
    chunk.splice(place.offset, 0, item);
    if (chunk.length >= 2 * CHUNK_SIZE) this.#chunks.splice(place.chunk + 1, 0, chunk.splice(CHUNK_SIZE));
  }

  /** Remove one item with this item's number and task id; does nothing when there is none. */
  delete(item: Item): void {
    const number = this.#numberOf(item);
    const place = this.#find(number, item.taskId);
    const chunk = this.#chunks[place.chunk];
    const found = chunk?.[place.offset];
    if (chunk === undefined || found === undefined || !this.#isAt(found, number, item.taskId)) return;
    this.#size -= 1;
    chunk.splice(place.offset, 1);
    if (chunk.length === 0) this.#chunks.splice(place.chunk, 1);
  }

  /** Iterate from the first item up, or from the first one that is at a place or above. */
  *ascending(from?: Place): Generator<Item, undefined> {
    const start = from && this.#find(from.number, from.taskId);
    for (let index = start?.chunk ?? 0; index < this.#chunks.length; index += 1) {
      const chunk = this.#chunks[index] ?? [];
      for (let offset = index === start?.chunk ? start.offset : 0; offset < chunk.length; offset += 1) {
        const item = chunk[offset];
        if (item !== undefined) yield item;
      }
    }
  }

  /** Iterate from the last item down, or from the last one that is below a place. */
  *descending(below?: Place): Generator<Item, undefined> {
    const from = below && this.#find(below.number, below.taskId);
    for (let index = from?.chunk ?? this.#chunks.length - 1; index >= 0; index -= 1) {
      const chunk = this.#chunks[index] ?? [];
      for (let offset = (index === from?.chunk ? from.offset : chunk.length) - 1; offset >= 0; offset -= 1) {
        const item = chunk[offset];
        if (item !== undefined) yield item;
      }
    }
  }

  /** Find the first item at or after (number, task id); the place behind the last item when there is none. */
  #find(number: number, taskId: string): { readonly chunk: number; readonly offset: number } {
    const isBefore = (item: Item | undefined) => item !== undefined && this.#isBefore(item, number, taskId);
    // Tasks come and go in about the order of time: most places are at an end, and finding those takes one look.
    if (!isBefore(this.first())) return { chunk: 0, offset: 0 };
    const lastChunk = this.#chunks.length - 1;
    if (isBefore(this.last())) return { chunk: lastChunk, offset: this.#chunks[lastChunk]?.length ?? 0 };
    // The first item of chunk 0 is before the place, so there is a last such chunk.
    const chunk = firstFalse(this.#chunks.length, (index) => isBefore(this.#chunks[index]?.[0])) - 1;
    const items = this.#chunks[chunk] ?? [];
    const offset = firstFalse(items.length, (index) => isBefore(items[index]));
    return offset === items.length ? { chunk: chunk + 1, offset: 0 } : { chunk, offset };
  }

  #isBefore(item: Item, number: number, taskId: string): boolean {
    const itemNumber = this.#numberOf(item);
    return itemNumber < number || (itemNumber === number && item.taskId < taskId);
  }

  #isAt(item: Item, number: number, taskId: string): boolean {
    return this.#numberOf(item) === number && item.taskId === taskId;
  }
}

/**
 * Find the first index from 0 to `length` for which `holds` is false; it must hold for all before and none after.
 *
 * It searches from the end in growing steps, then by halves. Most places are near the end, and the items there are in
 * the caches of the processor.
 */
function firstFalse(length: number, holds: (index: number) => boolean): number {
  let high = length;
  let step = 1;
  while (step <= high && !holds(high - step)) {
    high -= step;
    step *= 2;
  }
  let low = Math.max(0, high - step + 1);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
