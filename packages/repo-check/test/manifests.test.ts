import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import {
  type Exports,
  publishedPackages,
  readManifest,
  readText,
  REPOSITORY,
  SOURCE_CONDITION,
  workspacePackages,
} from '../src/repository.ts';

/** Exports as users get them: without the condition that leads to our sources. */
function withoutSources(exports: Exports) {
  const published = Object.entries(exports).map(([subpath, target]) => {
    if (typeof target === 'string') return [subpath, target];
    const conditions = Object.entries(target).filter(([condition]) => condition !== SOURCE_CONDITION);
    return [subpath, Object.fromEntries(conditions)];
  });
  return Object.fromEntries(published) as unknown;
}

describe('the package.json of every published package', () => {
  it('publishes what the workspace exports, without the way to the sources', async () => {
    for (const { folder, manifest } of await publishedPackages()) {
      const { exports, publishConfig } = manifest;
      expect(publishConfig?.exports, folder).toEqual(withoutSources(exports ?? {}));
      expect(exports?.['./package.json'], folder).toBe('./package.json');
      for (const [subpath, target] of Object.entries(exports ?? {})) {
        if (typeof target === 'string') continue;
        const name = path.basename(target[SOURCE_CONDITION] ?? '', '.ts');
        const built = { types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` };
        const required = { types: `./dist/${name}.d.cts`, default: `./dist/${name}.cjs` };
        expect(target, `${folder} ${subpath}`).toEqual({
          [SOURCE_CONDITION]: `./src/${name}.ts`,
          import: built,
          require: required,
        });
        // Conditions are tried in this order, and types must come before what they describe.
        expect(Object.keys(target), `${folder} ${subpath}`).toEqual([SOURCE_CONDITION, 'import', 'require']);
        expect(Object.keys(target.import), `${folder} ${subpath}`).toEqual(['types', 'default']);
        expect(Object.keys(target.require), `${folder} ${subpath}`).toEqual(['types', 'default']);
      }
    }
  });

  it('says the same things: sources in ESM, no side effects, only dist and templates, Node 20, licence, provenance, where it comes from', async () => {
    for (const { folder, manifest } of await publishedPackages()) {
      expect(manifest, folder).toMatchObject({
        type: 'module',
        license: 'MIT',
        sideEffects: false,
        files: manifest.bin === undefined ? ['dist'] : ['dist', 'templates'],
        engines: { node: '>=20' },
        repository: { directory: `packages/${folder}` },
        publishConfig: { access: 'public', provenance: true },
      });
      expect(manifest.description?.length, folder).toBeGreaterThan(20);
    }
  });
});

describe('the package.json of a package with a command', () => {
  it('names the built file of one of its sources, and the source begins as a program', async () => {
    const commands = (await publishedPackages()).flatMap(({ folder, manifest }) =>
      Object.entries(manifest.bin ?? {}).map(([command, file]) => ({ folder, command, file })),
    );
    for (const { folder, command, file } of commands) {
      const [, name = ''] = /^\.\/dist\/([\w-]+)\.js$/.exec(file) ?? [];
      expect(await readText('packages', folder, 'src', `${name}.ts`), command).toMatch(/^#!\/usr\/bin\/env node\n/);
    }
    expect(commands.map(({ command }) => command)).toContain('create-mcp-tasks');
  });
});

describe('this package', () => {
  it('depends on every published package, so that each is built before it is packed', async () => {
    const { devDependencies = {} } = await readManifest('packages/repo-check');
    const named = Object.keys(devDependencies).filter((name) => devDependencies[name]?.startsWith('workspace:'));
    expect(named.sort()).toEqual((await publishedPackages()).map(({ manifest }) => manifest.name).sort());
  });
});

describe('dependencies from outside', () => {
  it('have one version in the workspace: what two packages name comes from the catalog', async () => {
    const manifests = [
      await readManifest(),
      ...[...(await workspacePackages('packages')), ...(await workspacePackages('examples'))].map(
        (item) => item.manifest,
      ),
    ];
    const ranges = new Map<string, string[]>();
    for (const { dependencies, devDependencies } of manifests) {
      for (const [name, range] of Object.entries({ ...devDependencies, ...dependencies })) {
        if (!range.startsWith('workspace:')) ranges.set(name, [...(ranges.get(name) ?? []), range]);
      }
    }
    const shared = [...ranges].filter(([, found]) => found.length > 1);
    expect(shared.filter(([, found]) => found.some((range) => range !== 'catalog:'))).toEqual([]);
    expect(shared.length).toBeGreaterThan(0);
  });

  it('of published libraries are ranges, and a test runs on the lowest version of each where the lockfile has another', async () => {
    const { catalog } = parse(await readText('pnpm-workspace.yaml')) as { catalog: Record<string, string> };
    const { packages } = parse(await readText('pnpm-lock.yaml')) as { packages: Record<string, unknown> };
    let ranges = 0;
    for (const { folder, manifest } of await publishedPackages()) {
      // A command is installed alone: no application has what it depends on too.
      if (manifest.bin !== undefined) continue;
      const { dependencies = {}, devDependencies = {}, scripts = {} } = manifest;
      for (const [name, written] of Object.entries(dependencies)) {
        if (written.startsWith('workspace:')) continue;
        const range = written === 'catalog:' ? catalog[name] : written;
        const where = `${folder}: ${name} ${String(range)}`;
        expect(range, where).toMatch(/^\^\d+\.\d+\.\d+$/);
        ranges += 1;
        const lowest = range?.slice(1) ?? '';
        const locked = Object.keys(packages).filter((key) => key.startsWith(`${name}@`));
        if (locked.length === 1 && locked[0] === `${name}@${lowest}`) continue;
        expect(Object.values(devDependencies), where).toContain(`npm:${name}@${lowest}`);
        expect(scripts['test'], where).toMatch(/vitest\.oldest-/);
      }
    }
    expect(ranges).toBeGreaterThan(0);
  });
});

describe('changesets', () => {
  it('know every package that they name, and announce each that was never released', async () => {
    const names = new Set((await publishedPackages()).map(({ manifest }) => manifest.name));
    const { fixed } = JSON.parse(await readText('.changeset/config.json')) as { fixed: string[][] };
    const files = (await readdir(path.join(REPOSITORY, '.changeset'))).filter((file) => file.endsWith('.md'));
    const announced = new Set<string>();
    for (const file of files) {
      const [, front = ''] = /^---\n(.*?)\n---/s.exec(await readText('.changeset', file)) ?? [];
      for (const name of Object.keys((parse(front) ?? {}) as object)) announced.add(name);
    }
    for (const name of [...fixed.flat(), ...announced]) expect(names).toContain(name);
    for (const { manifest } of await publishedPackages()) {
      if (manifest.version === '0.0.0') expect(announced).toContain(manifest.name);
    }
  });
});
