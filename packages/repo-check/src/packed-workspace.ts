import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { publishedPackages, readManifest, readText } from './repository.ts';

const run = promisify(execFile);

/** A folder outside of the repository in which the packed packages are installed, as a user would. */
export interface PackedWorkspace {
  readonly directory: string;
  /** Run a program in the folder. Rejects with what it printed. */
  run(command: string, ...args: string[]): Promise<string>;
  write(file: string, text: string): Promise<void>;
  /** Install what the projects in subfolders ask for, each for itself: of ours the tarballs, of others our versions. */
  installProjects(pattern: string): Promise<void>;
  remove(): Promise<void>;
}

/** Packages that users of the examples install beside ours, in the versions of this workspace. */
const BESIDE = [
  '@modelcontextprotocol/client',
  '@modelcontextprotocol/node',
  '@modelcontextprotocol/sdk',
  '@modelcontextprotocol/server',
  '@types/node',
  '@types/pg',
  'ioredis',
  'pg',
  'typescript-native',
  'vitest',
  'zod',
];

/**
 * Pack every published package once, and install the tarballs in an empty folder, with what users install beside them;
 * or only those of the given names. Needs a build.
 */
export async function packWorkspace(only?: readonly string[]): Promise<PackedWorkspace> {
  const directory = await realpath(await mkdtemp(path.join(tmpdir(), 'mcp-tasks-packed-')));
  const inFolder = async (command: string, ...args: string[]) => {
    const options = { cwd: directory, maxBuffer: 64 * 1024 * 1024 };
    return run(command, args, options).then(
      ({ stdout }) => stdout,
      (error: unknown) => {
        const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
        throw new TypeError(`${stdout}${stderr}\n${command} ${args.join(' ')} failed.`, { cause: error });
      },
    );
  };
  const write = async (file: string, text: string) => {
    await mkdir(path.dirname(path.join(directory, file)), { recursive: true });
    await writeFile(path.join(directory, file), text);
  };

  const tarballs = await packAll(path.join(directory, 'tarballs'));
  const versions = await workspaceVersions();
  const named = only ?? [...Object.keys(tarballs), ...BESIDE];
  const dependencies = Object.fromEntries(named.map((name) => [name, tarballs[name] ?? versions[name] ?? '']));
  await write('package.json', JSON.stringify({ name: 'user', private: true, type: 'module', dependencies }));
  const install = async (packages: readonly string[], overrides: object) => {
    await write('pnpm-workspace.yaml', JSON.stringify({ packages, overrides, allowBuilds: {} }));
    await inFolder('pnpm', 'install', '--prefer-offline', '--no-frozen-lockfile', '--reporter=append-only');
  };
  // Our packages name each other by version; nothing is published yet, so these names mean the tarballs.
  await install(['.'], tarballs);
  // Here the compiler has another name, because ESLint needs an older one.
  const pinned = { ...versions, typescript: versions['typescript-native'], ...tarballs };
  return {
    directory,
    run: inFolder,
    write,
    installProjects: (pattern) => install(['.', pattern], pinned),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/** The version of everything from outside that the workspace names. */
async function workspaceVersions(): Promise<Readonly<Record<string, string>>> {
  const { catalog } = parse(await readText('pnpm-workspace.yaml')) as { catalog: Record<string, string> };
  const named = (await publishedPackages()).map(({ manifest }) => manifest.devDependencies ?? {});
  return { ...(Object.assign({}, ...named) as Record<string, string>), ...catalog };
}

/** Pack every published package into a folder; answers `file:` addresses by package name. */
async function packAll(destination: string): Promise<Readonly<Record<string, string>>> {
  await mkdir(destination, { recursive: true });
  const tarballs: Record<string, string> = {};
  for (const item of await publishedPackages()) {
    const { name, version } = await readManifest('packages', item.folder);
    await run('pnpm', ['pack', '--pack-destination', destination], { cwd: item.directory });
    const file = `${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
    if (!(await readdir(destination)).includes(file)) throw new TypeError(`Packing ${name} wrote no ${file}.`);
    tarballs[name] = `file:${path.join(destination, file)}`;
  }
  return tarballs;
}
