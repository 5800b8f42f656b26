/**
 * Run something and count the characters that patterns visit meanwhile: from where each search begins to the end of what it
 * finds, or to the end of the text. That no pattern visits one twice is for lint to say.
 */
export async function countVisited<Value>(
  work: () => Value | Promise<Value>,
): Promise<{ readonly value: Value; readonly visited: number }> {
  const exec = Object.getOwnPropertyDescriptor(RegExp.prototype, 'exec')?.value as typeof RegExp.prototype.exec;
  let visited = 0;
  RegExp.prototype.exec = function counted(this: RegExp, text: string) {
    const from = this.global || this.sticky ? this.lastIndex : 0;
    const found = exec.call(this, text);
    visited += (found === null ? text.length : found.index + found[0].length) - from;
    return found;
  };
  try {
    return { value: await work(), visited };
  } finally {
    RegExp.prototype.exec = exec;
  }
}

/** Texts that make work: blanks, line breaks, brackets, marks that join the character before. */
export const HOSTILE_UNITS = [
  ' ',
  '\n',
  '\r\n',
  '\t',
  ' \n',
  '\u2028',
  '(',
  '{',
  '[',
  '{a}',
  '"',
  '\\',
  '<',
  'e\u0301',
  '\u0301',
  '\u202e',
  '😀',
];

export const MiB = 1024 * 1024;

/** A text of one mebibyte, or a little more, of these units in turn. */
export function hostileText(units: readonly string[]): string {
  const unit = units.join('');
  return unit.repeat(Math.ceil(MiB / Buffer.byteLength(unit)));
}
