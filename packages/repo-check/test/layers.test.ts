import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  filesBelow,
  layeredPackages,
  publishedPackages,
  readFolders,
  readLayers,
  readManifest,
  REPOSITORY,
  workspacePackages,
} from '../src/repository.ts';

const run = promisify(execFile);
/** What tests may import beside the row of their package. */
const FOR_TESTS = ['store-kit', 'store-testing'];
const DEPCRUISE = path.join(REPOSITORY, 'node_modules/.bin/depcruise');

interface Violation {
  readonly rule: { readonly name: string };
  readonly from: string;
}

/** Every `rule file` that the layer check finds in a tree. */
async function violations(directory: string): Promise<readonly string[]> {
  const { stdout } = await run(
    DEPCRUISE,
    ['packages', 'examples', '--config', '.dependency-cruiser.cjs', '--output-type', 'json'],
    { cwd: directory, maxBuffer: 64 * 1024 * 1024 },
  );
  const { summary } = JSON.parse(stdout) as { summary: { violations: readonly Violation[] } };
  // A circle is reported at one of its files.
  const lines = summary.violations.map(({ rule, from }) => `${rule.name} ${from.replace(/circle-\d/, 'circle-1')}`);
  return [...new Set(lines)].sort();
}

/** A copy of the workspace in which every package can resolve every other one and what the rules are about. */
async function copyWorkspace(directory: string): Promise<void> {
  const packages = await layeredPackages();
  for (const file of ['.dependency-cruiser.cjs', 'layers.json', 'folders.json', 'tsconfig.base.json']) {
    await cp(path.join(REPOSITORY, file), path.join(directory, file));
  }
  await mkdir(path.join(directory, 'examples/planted'), { recursive: true });
  await writeFile(path.join(directory, 'examples/planted/main.ts'), 'export const planted = 1;\n');
  for (const item of packages) {
    const target = path.join(directory, 'packages', item.folder);
    const modules = path.join(target, 'node_modules');
    await cp(path.join(item.directory, 'src'), path.join(target, 'src'), { recursive: true });
    const names = packages.filter((other) => other !== item).map((other) => other.manifest.name);
    const dependencies = {
      ...item.manifest.dependencies,
      ...Object.fromEntries(names.map((name) => [name, 'workspace:^'])),
    };
    await writeFile(path.join(target, 'package.json'), JSON.stringify({ ...item.manifest, dependencies }));
    for (const other of packages) {
      if (other !== item) await link(path.join(directory, 'packages', other.folder), modules, other.manifest.name);
    }
    for (const name of installedNames(item.manifest)) {
      await link(await realpath(path.join(item.directory, 'node_modules', name)), modules, name);
    }
    await link(await realpath(path.join(REPOSITORY, 'packages/wire/node_modules/zod')), modules, 'zod');
    const sdk = '@modelcontextprotocol/server';
    await link(await realpath(path.join(REPOSITORY, 'packages/server/node_modules', sdk)), modules, sdk);
  }
}

function installedNames(manifest: {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}): readonly string[] {
  const names = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
  return names.filter((name) => !/^(@mcp-tasks\/|zod$|@modelcontextprotocol\/server$)/.test(name));
}

async function link(target: string, modules: string, name: string): Promise<void> {
  await mkdir(path.dirname(path.join(modules, name)), { recursive: true });
  await symlink(target, path.join(modules, name));
}

type Plant = (rule: string, file: string, source: string) => Promise<void>;

/** In each folder of each package: an import of the folder above it, of an entry, and a circle of folders that is none of files. */
async function plantInFolders(plant: Plant): Promise<void> {
  for (const [name, folders] of Object.entries(await readFolders())) {
    const file = (folder: string, kind: string) => `packages/${name}/src/${folder}/planted-${kind}.ts`;
    for (const [floor, folder] of folders.entries()) {
      const rule = `${name}-${folder.replace('/', '-')}-imports-downwards`;
      const up = folder
        .split('/')
        .map(() => '..')
        .join('/');
      await plant(rule, file(folder, 'entry-import'), `import '${up}/index.ts';\n`);
      const above = folders[floor + 1];
      if (above === undefined) continue;
      await plant('', file(above, 'above'), 'export {};\n');
      await plant(rule, file(folder, 'upwards'), `import '${up}/${above}/planted-above.ts';\n`);
      const downAgain = above
        .split('/')
        .map(() => '..')
        .join('/');
      await plant('', file(above, 'circle-2'), `import '${downAgain}/${folder}/planted-circle-3.ts';\n`);
      await plant('', file(folder, 'circle-3'), 'export {};\n');
      await plant(rule, file(folder, 'circle-1'), `import '${up}/${above}/planted-circle-2.ts';\n`);
    }
  }
}

describe('the layer check', () => {
  let directory: string;
  const expected: string[] = [];

  const plant = async (rule: string, file: string, source: string): Promise<void> => {
    await mkdir(path.dirname(path.join(directory, file)), { recursive: true });
    await writeFile(path.join(directory, file), source);
    if (rule !== '') expected.push(`${rule} ${file}`);
  };

  beforeAll(async () => {
    directory = await realpath(await mkdtemp(path.join(tmpdir(), 'mcp-tasks-layers-')));
    await copyWorkspace(directory);
  });

  afterAll(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  it('finds nothing in a copy of the sources as they are', async () => {
    expect(await violations(directory)).toEqual([]);
  });

  it('finds every import from a lower package in a higher one, declared in package.json or not, and every other fault', async () => {
    const layers = Object.entries(await readLayers());
    // A package of a command has no entry that could be imported.
    const commands = (await layeredPackages()).filter(({ manifest }) => manifest.bin !== undefined);
    const targets = layers.filter(([name]) => !commands.some(({ folder }) => folder === name));
    expect(targets.length).toBe(layers.length - 1);
    for (const [name, below] of layers) {
      for (const [other] of targets.filter(([target]) => target !== name && !below.includes(target))) {
        const source = `import '@mcp-tasks/${other}';\n`;
        const rule = (folder: string) => `${name}-${folder}-imports-only-what-is-below`;
        await plant(rule('src'), `packages/${name}/src/planted-${other}.ts`, source);
        if (FOR_TESTS.includes(other)) await plant('', `packages/${name}/test/planted-${other}.ts`, source);
        else await plant(rule('test'), `packages/${name}/test/planted-${other}.ts`, source);
      }
    }
    await plant('no-circular', 'packages/wire/src/planted-circle-1.ts', "import './planted-circle-2.ts';\n");
    await plant('', 'packages/wire/src/planted-circle-2.ts', "import './planted-circle-1.ts';\n");
    await plant('no-unresolvable', 'packages/wire/src/planted-missing.ts', "import './no-such-file.ts';\n");
    await plant('', 'packages/wire/dist/planted.js', 'export {};\n');
    await plant('no-dist', 'packages/wire/src/planted-dist.ts', "import '../dist/planted.js';\n");
    const example = 'packages/wire/src/planted-example.ts';
    await plant('no-import-of-examples', example, "import '../../../examples/planted/main.ts';\n");
    expected.push(`cross-package-by-name-only ${example}`);
    const deep = "import '../../wire/src/index.ts';\n";
    await plant('cross-package-by-name-only', 'packages/store/src/planted-deep.ts', deep);
    await plant('sdk-in-server-only', 'packages/runner/src/planted-sdk.ts', "import '@modelcontextprotocol/server';\n");
    await plant('zod-in-wire-only', 'packages/store/src/planted-zod.ts', "import 'zod';\n");
    const development = "import * as check from 'fast-check';\nconsole.log(check);\n";
    await plant('no-development-dependency-in-sources', 'packages/store/src/planted-development.ts', development);

    await plantInFolders(plant);

    const found = await violations(directory);
    // zod and the SDK are development dependencies of some packages: that is a second fault of the same file.
    const extra = found.filter((line) => !expected.includes(line));
    expect(
      extra.filter((line) => !/^no-development-dependency-in-sources .*planted-(zod|sdk)\.ts$/.test(line)),
    ).toEqual([]);
    expect(expected.filter((line) => !found.includes(line))).toEqual([]);
    expect(expected.length).toBeGreaterThan(layers.length);
  });
});

describe('the table of allowed edges', () => {
  it('has one row for every package but this one, which nothing imports', async () => {
    const folders = (await workspacePackages('packages')).map((item) => item.folder);
    expect([...Object.keys(await readLayers()), 'repo-check'].sort()).toEqual([...folders].sort());
  });

  it('puts no published package on one that is not', async () => {
    const layers = await readLayers();
    const published = (await publishedPackages()).map((item) => item.folder);
    for (const folder of published) {
      expect(
        layers[folder]?.filter((target) => !published.includes(target)),
        folder,
      ).toEqual([]);
    }
  });

  it('allows no circle: what a package may import may never import it', async () => {
    const layers = await readLayers();
    for (const [name, below] of Object.entries(layers)) {
      for (const target of below) expect(layers[target], `${target} below ${name}`).not.toContain(name);
    }
  });

  it('bounds what package.json may name, and every such name uses the workspace', async () => {
    const layers = await readLayers();
    for (const { folder, manifest } of await layeredPackages()) {
      const { dependencies = {}, peerDependencies = {}, devDependencies = {} } = manifest;
      const named = Object.entries({ ...dependencies, ...peerDependencies }).filter(([name]) =>
        name.startsWith('@mcp-tasks/'),
      );
      const allowed = (layers[folder] ?? []).map((target) => `@mcp-tasks/${target}`);
      for (const [name, range] of named) {
        expect(allowed, `${folder} names ${name}`).toContain(name);
        expect(range, `${folder} names ${name}`).toBe('workspace:^');
      }
      for (const [name, range] of Object.entries(devDependencies).filter(([key]) => key.startsWith('@mcp-tasks/'))) {
        expect(
          [...allowed, ...FOR_TESTS.map((target) => `@mcp-tasks/${target}`)],
          `${folder} tests with ${name}`,
        ).toContain(name);
        expect(range, `${folder} tests with ${name}`).toBe('workspace:^');
      }
    }
  });
});

describe('the table of folders', () => {
  it('lists every folder of every published package, and no other', async () => {
    const table = await readFolders();
    for (const { folder, directory } of await publishedPackages()) {
      const files = await filesBelow(path.join(directory, 'src'), /\.ts$/);
      const rooms = new Set(files.map((file) => path.posix.dirname(file)).filter((room) => room !== '.'));
      expect([...(table[folder] ?? [])].sort(), folder).toEqual([...rooms].sort());
    }
  });
});

describe('the root package', () => {
  it('brings no library that a package could import without naming it', async () => {
    const root = await readManifest();
    expect(root.dependencies).toBeUndefined();
    const all = [...(await workspacePackages('packages')), ...(await workspacePackages('examples'))];
    const runtime = new Set(
      all.flatMap(({ manifest }) => Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })),
    );
    // The test runner is a peer of store-kit, and the compiler's API is for the checks of this package: of nothing else.
    const tools = ['vitest', 'typescript'];
    const shared = Object.keys(root.devDependencies ?? {}).filter((name) => !tools.includes(name) && runtime.has(name));
    expect(shared).toEqual([]);
  });
});
