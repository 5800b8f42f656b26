import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { entriesOf, filesBelow, publishedPackages, readText, REPOSITORY } from '../src/repository.ts';

const THIS_FILE = path.basename(import.meta.filename);

describe('sources', () => {
  let lines: readonly { readonly file: string; readonly text: string }[];

  const matching = (pattern: RegExp, except = /^$/) =>
    lines
      .filter(({ text }) => pattern.test(text) && !except.test(text))
      .map(({ file, text }) => `${file}: ${text.trim()}`);

  beforeAll(async () => {
    const files = (await filesBelow(REPOSITORY, /\.(ts|js|mjs|cjs)$/)).filter((file) => !file.endsWith(THIS_FILE));
    const texts = await Promise.all(files.map((file) => readText(file)));
    lines = files.flatMap((file, index) => (texts[index] ?? '').split('\n').map((text) => ({ file, text })));
  });

  it('say why on the line where they silence a check', () => {
    expect(matching(/eslint-disable/, /eslint-disable(-next-line|-line)? [\w@/, -]+ -- \S/)).toEqual([]);
    expect(matching(/@ts-(expect-error|ignore|nocheck)/, /@ts-expect-error\W+\w+/)).toEqual([]);
  });

  it('leave no unfinished note, and no test that runs alone or never', () => {
    expect(matching(/\b(TODO|FIXME|XXX)\b/)).toEqual([]);
    expect(matching(/\b(it|test|describe)\.(only|todo)\(/)).toEqual([]);
  });
});

describe('the entries of every published package', () => {
  it('name each export and say that a line makes a promise', async () => {
    for (const { folder, manifest } of await publishedPackages()) {
      for (const { entry, file } of entriesOf(manifest)) {
        const text = await readText('packages', folder, file);
        expect(text.split('\n')[0], entry).toMatch(new RegExp(`^// The public surface of ${entry}[:,.] .*promise\\.$`));
        expect(text, entry).not.toMatch(/export \*/);
      }
    }
  });
});
