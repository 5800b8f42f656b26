/** A text as a sentence. What others worded (a schema, a thrown error) may have its period already, or not. */
export function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
