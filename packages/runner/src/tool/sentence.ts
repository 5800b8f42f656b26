/**
 * Make a text a sentence: add a period unless it has an end. The text of a schema or of a thrown error may have one
 * already.
 */
export function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
