const encoder = new TextEncoder();

/**
 * Count the bytes of a text as UTF-8.
 *
 * @example
 * const isTooLarge = utf8Bytes('a text') > 1_024;
 */
export function utf8Bytes(text: string): number {
  return Buffer.byteLength(text);
}

/**
 * Cut a text to at most `maxBytes` of UTF-8, never inside a character.
 *
 * @example
 * const message = cutUtf8('a long text', 1_024);
 */
export function cutUtf8(text: string, maxBytes: number): string {
  // No character takes more than three bytes for each of its code units.
  if (text.length * 3 <= maxBytes) return text;
  // No character takes less than a byte, so a longer text cannot fit.
  const head = text.slice(0, maxBytes);
  return head.slice(0, encoder.encodeInto(head, new Uint8Array(maxBytes)).read);
}

/** Tell whether a text is free of lone halves of surrogate pairs, which UTF-8 cannot hold. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
