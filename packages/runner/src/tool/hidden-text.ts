// Texts of clients and tools get into texts that people and models read, and into logs. What is not seen as what it is could make
// them read something else.

/**
 * Characters that are not seen as what they are: control and format characters (which turn the direction of a text, or
 * have no width), tags, and what a reader is to ignore. The selector that makes a picture of the character before it
 * stays there.
 */
const HIDDEN = /(?!(?<=\p{Extended_Pictographic})\uFE0F)[\p{Cc}\p{Cf}\p{DI}\u2028\u2029]/gu;
const HIDDEN_BUT_LINE_BREAKS = /(?!\n|(?<=\p{Extended_Pictographic})\uFE0F)[\p{Cc}\p{Cf}\p{DI}\u2028\u2029]/gu;

const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

/** Show line breaks, and characters that are not seen, by the escapes that JSON has for them. */
export function escapeHidden(
  text: string,
  { keepLineBreaks = false }: { readonly keepLineBreaks?: boolean } = {},
): string {
  return text.replace(keepLineBreaks ? HIDDEN_BUT_LINE_BREAKS : HIDDEN, escaped);
}

function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return SHORT_ESCAPES.get(character) ?? units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
