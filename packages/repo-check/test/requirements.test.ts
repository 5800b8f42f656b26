import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { tableRows } from '../src/markdown.ts';
import { filesBelow, readText, REPOSITORY } from '../src/repository.ts';

const PAGE = 'docs/requirements.md';
/** Where titles of tests stand: in tests, in the cases of the contract, and in the tests that stores share. */
const WITH_TITLES = /^(packages|examples)\/[^/]+\/test\/|^packages\/store-(kit|testing)\/src\//;
const ID = /\[([A-Z]+-[A-Z]?\d+)\]/g;
/** The ids at the beginning of a text, where a title has them. */
const IDS_OF_TITLE = /['"`]((?:\[[A-Z]+-[A-Z]?\d+\] ?)+)/g;

const idsIn = (text: string) => [...text.matchAll(ID)].map(([, id = '']) => id);

describe('docs/requirements.md', () => {
  let rows: readonly (readonly string[])[];
  let texts: readonly { readonly file: string; readonly text: string }[];

  beforeAll(async () => {
    rows = tableRows(await readText(PAGE), 'id');
    const thisFile = path.relative(REPOSITORY, import.meta.filename).replaceAll(path.sep, '/');
    const files = (await filesBelow(REPOSITORY, /\.ts$/)).filter((file) => WITH_TITLES.test(file) && file !== thisFile);
    texts = await Promise.all(files.map(async (file) => ({ file, text: await readText(file) })));
  });

  it('says in one sentence or two what each id means, and has each id once', () => {
    const ids = rows.map(([id]) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    expect(
      rows.filter(([id = '', meaning = '']) => !/^[A-Z]{3,4}-\d\d$/.test(id) || !/^[A-Z`].{10,}\.$/.test(meaning)),
    ).toEqual([]);
  });

  it('has every id that a test names', () => {
    const known = new Set(rows.map(([id]) => id));
    const unknown = texts.flatMap(({ file, text }) =>
      idsIn(text).flatMap((id) => (known.has(id) ? [] : [`${file}: ${id} is not on ${PAGE}`])),
    );
    expect(unknown).toEqual([]);
  });

  it('has no id that the title of no test carries', () => {
    const titles = texts.flatMap(({ text }) => [...text.matchAll(IDS_OF_TITLE)].map(([, ids = '']) => ids));
    const carried = new Set(titles.flatMap(idsIn));
    expect(rows.flatMap(([id = '']) => (carried.has(id) ? [] : [id]))).toEqual([]);
    expect(carried.size).toBeGreaterThan(50);
  });
});
