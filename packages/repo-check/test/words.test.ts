import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesBelow, readText, REPOSITORY } from '../src/repository.ts';

/** Faults of the words of a comment; each reads better with its subject named, or with a noun or a verb first. */
const FAULTS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['names no subject', /\b(nobody|somebody|whoever)\b/i],
  ['begins with "What"', /^(?:\/\*\*|\*) What (?!follows)/],
];

/** Every comment line of a source, trimmed. */
function commentLines(source: string): readonly string[] {
  return source
    .split('\n')
    .map((line) => line.trim())
    .filter((line, index, lines) => /^(\/\*\*|\/\/)/.test(line) || isInsideDocComment(lines, index))
    .filter((line) => line !== '' && line !== '*/');
}

function isInsideDocComment(lines: readonly string[], index: number): boolean {
  return (lines[index] ?? '').startsWith('* ') && /^(\/\*\*|\*)/.test(lines[index - 1] ?? '');
}

/** Faults of the comments of a source, one line each. */
function faultsOf(source: string): readonly string[] {
  const lines = commentLines(source);
  return lines.flatMap((line, index) => {
    const isFirst = line.startsWith('/**') || lines[index - 1] === '/**';
    return FAULTS.filter(([name, pattern]) => (name.startsWith('begins') && !isFirst ? false : pattern.test(line))).map(
      ([name]) => `${name}: ${line}`,
    );
  });
}

describe('the comments of sources', () => {
  it('name their subject, and begin with a verb or a noun', async () => {
    for (const group of ['packages', 'examples']) {
      const files = await filesBelow(path.join(REPOSITORY, group), /\.ts$/);
      for (const file of files.filter((name) => name.includes('/src/') && !name.includes('/migrations/'))) {
        expect(faultsOf(await readText(group, file)), `${group}/${file}`).toEqual([]);
      }
    }
  });

  it.each([
    '/** What a run reports. */',
    '/**\n * What a run reports,\n * in words.\n */',
    '// Whoever asks is told.',
    '/** Held by nobody. */',
  ])('are found faulty in %j', (source) => {
    expect(faultsOf(source)).toHaveLength(1);
  });

  it.each(['/** Progress of a run. */', '// What follows from it: nothing.', "const text = 'nobody';"])(
    'are left alone in %j',
    (source) => {
      expect(faultsOf(source)).toEqual([]);
    },
  );
});
