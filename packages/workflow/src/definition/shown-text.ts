import { escapeHidden } from '@mcp-tasks/runner/engine';
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

/** Line breaks and characters that are not seen as escapes, and a lone half of a character replaced. */
export function escapeControls(text: string): string {
  return escapeHidden(wellFormed(text));
}

/**
 * A text of another between two fences, cut, on lines of its own. No line of it can be taken for the fence, which is
 * longer than every row of backticks in it.
 */
export function fenced(text: string): string {
  const shown = escapeHidden(wellFormed(shorten(text, MAX_SHOWN_BYTES)), { keepLineBreaks: true });
  const longest = (shown.match(/`+/g) ?? []).reduce((most, row) => Math.max(most, row.length), 2);
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${shown}\n${fence}`;
}

/** A text of another in double quotes on one line, cut. */
export function quoted(text: string): string {
  return escapeControls(JSON.stringify(shorten(text, MAX_SHOWN_BYTES)));
}

const MAX_NAME_CHARACTERS = 128;
const NAME = /^[\p{L}\p{N}_.:/@+-]+$/u;

/** A text of another inside a sentence: in quotes, unless it is a mere name or number. */
export function quotedUnlessName(text: string): string {
  return text.length <= MAX_NAME_CHARACTERS && NAME.test(text) ? text : quoted(text);
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
