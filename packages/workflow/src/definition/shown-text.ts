import { cutUtf8, utf8Bytes } from '@mcp-tasks/store/rules';

// How texts of others (arguments, outputs, errors) get into texts for people and models: cut first, so that what is done with
// them then is bounded, however long they are.

/** Longest text of another in a conversation, a guidance or a question, in bytes: a conversation has to fit a model. */
export const MAX_SHOWN_BYTES = 16 * 1024;

/** A text cut to a number of bytes; one that was cut says how long it was. */
export function shorten(text: string, maxBytes: number): string {
  const bytes = utf8Bytes(text);
  return bytes <= maxBytes ? text : `${cutUtf8(text, maxBytes)}… (${bytes} bytes in all)`;
}

const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

/** Line breaks and control characters as escapes, and a lone half of a character replaced. */
export function escapeControls(text: string): string {
  return wellFormed(text).replace(
    /[\p{Cc}\u2028\u2029]/gu,
    (character) => SHORT_ESCAPES.get(character) ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A text with every lone half of a character replaced. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\uFFFD');
}

/** A text whose lines are joined, so that none of them can be taken for a line of the text around it. */
export function oneLine(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  return escapeControls(lines.filter((line) => line !== '').join(' '));
}

/**
 * A value as JSON text on one line, also where its strings hold line breaks. All of it: a reader takes the value from
 * it.
 */
export function jsonLine(value: unknown): string {
  // JSON leaves some line breaks in strings as they are; their escapes are JSON too.
  return escapeControls(JSON.stringify(value));
}

/** A value as JSON text on one line, for a reader who wants to see what it is about. */
export function shortJsonLine(value: unknown, maxBytes: number): string {
  return escapeControls(shorten(JSON.stringify(value), maxBytes));
}
