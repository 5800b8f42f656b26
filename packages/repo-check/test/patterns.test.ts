import { execFile } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { REPOSITORY } from '../src/repository.ts';

const ESLINT = path.join(REPOSITORY, 'node_modules/.bin/eslint');

/** The rules that the lint of the repository finds broken in a text, were it the text of a script: those need no types. */
function brokenRules(source: string): Promise<readonly (string | null)[]> {
  return new Promise((resolve, reject) => {
    const linting = execFile(
      ESLINT,
      ['--stdin', '--stdin-filename', 'scripts/planted.mjs', '--format', 'json'],
      { cwd: REPOSITORY, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout) => {
        if (stdout === '') {
          reject(error ?? new TypeError('eslint said nothing'));
          return;
        }
        const [file] = JSON.parse(stdout) as { messages: { ruleId: string | null }[] }[];
        resolve([...new Set((file?.messages ?? []).map(({ ruleId }) => ruleId))].sort());
      },
    );
    linting.stdin?.end(source);
  });
}

describe('the lint of patterns', () => {
  it('refuses those that take longer than their text is long: by beginning at each place, and by going back', async () => {
    const moves = String.raw`export const moves = (text) => text.replace(/\s*\n\s*/g, ' ');`;
    const backtracks = String.raw`export const backtracks = (text) => /^\s*(.*?)\s*-->$/s.exec(text)?.[1];`;
    expect(await brokenRules(`${moves}\n`)).toEqual(['regexp/no-super-linear-move']);
    expect(await brokenRules(`${backtracks}\n`)).toEqual(['regexp/no-super-linear-backtracking']);
  });
});
