import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readManifests } from '../src/manifests.ts';

const REPOSITORY = path.resolve(import.meta.dirname, '../../..');

async function repositoryOf(manifests: Readonly<Record<string, object>>): Promise<string> {
  const repository = await mkdtemp(path.join(tmpdir(), 'mcp-tasks-manifests-'));
  onTestFinished(() => rm(repository, { recursive: true, force: true }));
  for (const [name, manifest] of Object.entries(manifests)) {
    await mkdir(path.join(repository, 'packages', name), { recursive: true });
    await writeFile(path.join(repository, 'packages', name, 'package.json'), JSON.stringify(manifest));
  }
  return repository;
}

const good = (name: string) => ({
  name: `@scope/${name}`,
  version: '1.2.3',
  license: 'MIT',
  exports: { '.': './index.js' },
  repository: { url: 'git+https://example.com/scope.git', directory: `packages/${name}` },
});

it('lists every package that is published, by folder', async () => {
  const repository = await repositoryOf({ b: good('b'), a: good('a'), tool: { ...good('tool'), private: true } });
  expect(await readManifests(repository)).toEqual({
    packages: [
      { name: '@scope/a', version: '1.2.3', folder: 'packages/a' },
      { name: '@scope/b', version: '1.2.3', folder: 'packages/b' },
    ],
    problems: [],
  });
});

it('names folder and field of everything that is wrong', async () => {
  const repository = await repositoryOf({
    a: { ...good('a'), name: 'A', version: 'next', exports: { './sub': './sub.js' } },
    b: { ...good('b'), license: '' },
    c: good('d'),
  });
  const { problems } = await readManifests(repository);
  expect(problems.map((problem) => problem.split(': ').slice(0, 2).join(': '))).toEqual([
    'packages/a: name',
    'packages/a: version',
    'packages/a: exports',
    'packages/b: license',
    'packages/c: repository.directory is packages/d',
  ]);
});

it('finds nothing wrong with the packages of this repository', async () => {
  const { packages, problems } = await readManifests(REPOSITORY);
  expect(problems).toEqual([]);
  expect(packages.map(({ name }) => name)).toContain('@mcp-tasks/workflow');
});
