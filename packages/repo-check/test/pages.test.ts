import { access } from 'node:fs/promises';
import path from 'node:path';
import { createTasks } from '@mcp-tasks/runner';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { codeBlocks, linkTargets, type Page, proseLines, readPages, tableRows } from '../src/markdown.ts';
import { publishedPackages, readLayers, readManifest, readText, REPOSITORY } from '../src/repository.ts';

let pages: readonly Page[];

beforeAll(async () => {
  pages = await readPages();
});

describe('links', () => {
  it('lead to files of this repository, or out of it by https', async () => {
    for (const page of pages) {
      for (const target of linkTargets(page).filter((item) => !item.startsWith('https://'))) {
        const [file = ''] = target.split('#');
        const full = path.join(REPOSITORY, file === '' ? page.file : path.join(path.dirname(page.file), file));
        await expect(access(full), `${page.file} links to ${target}`).resolves.toBeUndefined();
      }
    }
  });
});

describe('lines of prose', () => {
  it('end at 120 columns on every page', () => {
    const long = pages.flatMap((page) =>
      proseLines(page)
        .filter(({ text }) => text.length > 120)
        .map(({ number, text }) => `${page.file}:${String(number)} has ${String(text.length)} columns`),
    );
    expect(long).toEqual([]);
  });

  it('are found beside tables, fences, comments and single links', () => {
    const text = [
      'prose',
      '| a | b |',
      '<!-- one line -->',
      '```ts',
      'code',
      '```',
      '<!--',
      'comment',
      '-->',
      '- [a link](https://example.com).',
      '- a [link](https://example.com)',
    ].join('\n');
    expect(proseLines({ file: 'page.md', text })).toEqual([
      { number: 1, text: 'prose' },
      { number: 11, text: '- a [link](https://example.com)' },
    ]);
  });
});

describe('commands', () => {
  it('of pnpm that a page names are scripts of the root package, or of pnpm itself', async () => {
    const { scripts = {} } = await readManifest();
    const known = new Set([...Object.keys(scripts), 'exec', 'install', 'add', 'pack']);
    for (const page of pages) {
      for (const [, command = ''] of page.text.matchAll(
        /(?:`|^|\n)(?:npx -y )?pnpm(?:@\S+)?(?: --filter \S+)? ([a-z][\w:-]*)/g,
      )) {
        expect(known, `${page.file} names pnpm ${command}`).toContain(command);
      }
    }
  });

  it('run the one pnpm that package.json names', async () => {
    const { packageManager = '' } = await readManifest();
    const files = ['README.md', 'CONTRIBUTING.md', '.ci/run'];
    for (const file of files) {
      const versions = new Set((await readText(file)).match(/pnpm@[\w.-]+/g));
      expect([...versions], file).toEqual([packageManager]);
    }
  });

  it('of the README are two single lines, for the demo and for all tests; .ci/run calls the second letter by letter', async () => {
    const { packageManager = '' } = await readManifest();
    const readme = pages.find((page) => page.file === 'README.md');
    const commands = codeBlocks(readme ?? { file: '', text: '' }).filter((block) => block.code.startsWith('npx '));
    const [start = '', test = ''] = commands.map((block) => block.code);
    expect(commands.map((block) => block.code)).toEqual([
      `npx -y ${packageManager} start`,
      `npx -y ${packageManager} test`,
    ]);
    const lines = (await readText('.ci/run')).split('\n');
    expect(lines.filter((line) => line.startsWith(`${test} </dev/null`))).toHaveLength(1);
    expect(lines.filter((line) => line.endsWith(start))).toHaveLength(1);
  });
});

describe('CONTRIBUTING.md', () => {
  it('has a row for every check of the root package', async () => {
    const { scripts = {} } = await readManifest();
    const rows = tableRows(await readText('CONTRIBUTING.md'), 'command').map(([command]) => command);
    const checks = Object.keys(scripts).filter((name) => /^check(:|$)/.test(name));
    expect(checks.filter((name) => !rows.includes(`\`pnpm ${name}\``))).toEqual([]);
    expect(checks.length).toBeGreaterThan(3);
  });

  it('states the limits that lint holds', async () => {
    const config = await readText('eslint.config.js');
    const maximum = (rule: string) =>
      [...config.matchAll(new RegExp(`'${rule}': \\['error', (?:\\{ max: )?(\\d+)`, 'g'))].map(([, max]) => max);
    const [file, test, ...more] = maximum('max-lines');
    expect(more).toEqual([]);
    const text = (await readText('CONTRIBUTING.md')).replaceAll('\n', ' ');
    expect(text).toContain(
      `Lint stops at ${file} lines for a file (${test} for a test) and ${maximum('max-lines-per-function').join()} for a function`,
    );
    expect(text).toContain(`at ${maximum('max-params').join()} parameters`);
  });
});

describe('the root README', () => {
  it('has a row for every published package', async () => {
    const names = (await publishedPackages()).map(
      ({ folder, manifest }) => `[\`${manifest.name}\`](packages/${folder})`,
    );
    const rows = tableRows(await readText('README.md'), 'package');
    expect(rows.map(([name]) => name).sort()).toEqual([...names].sort());
  });

  it('states every limit with the default that the code has', async () => {
    const rows = tableRows(await readText('README.md'), 'limit').map(([name, value]) => [name, value]);
    const expected = Object.entries(createTasks().limits).map(([name, value]) => [
      `\`${name}\``,
      inWords(name, value as number),
    ]);
    expect(rows.sort()).toEqual(expected.sort());
  });

  it('has at most three badges', async () => {
    expect((await readText('README.md')).match(/!\[/g) ?? []).toHaveProperty('length', 0);
  });
});

/** A limit as a person writes it. */
function inWords(name: string, value: number): string {
  const units: readonly (readonly [number, string])[] = name.endsWith('Ms')
    ? [
        [3_600_000, 'h'],
        [60_000, 'min'],
        [1_000, 's'],
        [1, 'ms'],
      ]
    : [
        [2 ** 20, 'MiB'],
        [2 ** 10, 'KiB'],
        [1, 'B'],
      ];
  if (!/(Ms|Bytes)$/.test(name)) return value.toLocaleString('en');
  const [size = 1, unit = ''] = units.find(([unitSize]) => value % unitSize === 0) ?? [];
  return `${String(value / size)} ${unit}`;
}

describe('the README of every published package', () => {
  it('begins with its name and has at most 110 lines beside its blocks of code', async () => {
    for (const { folder, manifest } of await publishedPackages()) {
      const text = (await readText('packages', folder, 'README.md')).trimEnd();
      const blocks = codeBlocks({ file: folder, text }).map(({ code }) => code.split('\n').length + 2);
      const lines = text.split('\n');
      expect(lines[0], folder).toBe(`# ${manifest.name}`);
      expect(lines.length - blocks.reduce((sum, count) => sum + count, 0), folder).toBeLessThanOrEqual(110);
    }
  });
});

describe('docs/architecture.md', () => {
  it('draws the edges of layers.json: each package reaches what it may import, and nothing else', async () => {
    const edges = [...(await readText('docs/architecture.md')).matchAll(/^ {2}([\w-]+) --> ([\w-]+)$/gm)];
    const below = (name: string): string[] =>
      edges.filter(([, from]) => from === name).flatMap(([, , to = '']) => [to, ...below(to)]);
    for (const [name, allowed] of Object.entries(await readLayers())) {
      expect([...new Set(below(name))].sort(), name).toEqual([...allowed].sort());
    }
  });
});

describe('the workflows', () => {
  it('run .ci/run on every Node that is supported', async () => {
    const text = await readText('.github/workflows/ci.yml');
    const { jobs } = parse(text) as {
      jobs: { check: { strategy: { matrix: { node: number[] } }; steps: { run?: string }[] } };
    };
    expect(jobs.check.strategy.matrix.node).toEqual([20, 22, 24]);
    expect(jobs.check.steps.map((step) => step.run)).toContain('bash .ci/run');
  });
});
