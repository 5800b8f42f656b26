import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** The folder of the repository. */
export const REPOSITORY = path.resolve(import.meta.dirname, '../../..');

/** Condition that leads to the sources instead of the built files. */
export const SOURCE_CONDITION = '@mcp-tasks/source';

/** An entry as one format has it. */
interface FormatFiles {
  readonly types: string;
  readonly default: string;
}

/** Files of an entry: its source, as long as it is not published, and what `import` and `require` get. */
interface EntryFiles {
  readonly [SOURCE_CONDITION]?: string;
  readonly import: FormatFiles;
  readonly require: FormatFiles;
}

/** Subpaths, and for each its file or the files of an entry. */
export type Exports = Readonly<Record<string, string | EntryFiles>>;

/** The part of a package.json that the checks read. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly packageManager?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly description?: string;
  /** Commands, and for each its file. */
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: Exports;
  readonly publishConfig?: { readonly exports?: Exports };
}

/** One entry of a package, as users import it. */
export interface Entry {
  /** Specifier of an import, such as `@mcp-tasks/store/rules`. */
  readonly entry: string;
  /** Its source, from the package's folder. */
  readonly file: string;
}

/** The entries of a package. */
export function entriesOf({ name, exports = {} }: Manifest): readonly Entry[] {
  return Object.entries(exports).flatMap(([subpath, target]) => {
    const file = typeof target === 'string' ? undefined : target[SOURCE_CONDITION];
    return file === undefined ? [] : [{ entry: path.posix.join(name, subpath), file }];
  });
}

/** One package of the workspace. */
export interface WorkspacePackage {
  /** Name of its folder. */
  readonly folder: string;
  /** Absolute path of its folder. */
  readonly directory: string;
  readonly manifest: Manifest;
}

/** Read a file of the repository as text. */
export async function readText(...segments: string[]): Promise<string> {
  return readFile(path.join(REPOSITORY, ...segments), 'utf8');
}

/** Read a package.json below the repository's folder. */
export async function readManifest(...segments: string[]): Promise<Manifest> {
  return JSON.parse(await readText(...segments, 'package.json')) as Manifest;
}

/** Every package below `packages` or `examples`, by folder name. */
export async function workspacePackages(group: 'packages' | 'examples'): Promise<readonly WorkspacePackage[]> {
  const entries = await readdir(path.join(REPOSITORY, group), { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    folders.sort().map(async (folder) => ({
      folder,
      directory: path.join(REPOSITORY, group, folder),
      manifest: await readManifest(group, folder),
    })),
  );
}

/** The packages that are published. */
export async function publishedPackages(): Promise<readonly WorkspacePackage[]> {
  return (await workspacePackages('packages')).filter((item) => item.manifest.private !== true);
}

/** The packages with a row in `layers.json`: the published ones, and what their tests share. */
export async function layeredPackages(): Promise<readonly WorkspacePackage[]> {
  const layers = await readLayers();
  return (await workspacePackages('packages')).filter(({ folder }) => folder in layers);
}

type Rows = Readonly<Record<string, readonly string[]>>;

/** `layers.json`: what each package's sources may import. */
export function readLayers(): Promise<Rows> {
  return rowsOfLayers((name) => !name.includes('/'));
}

/** `layers.json`: the packages that an entry loads by name when it is used. */
export function readLateImports(): Promise<Rows> {
  return rowsOfLayers((name) => name.includes('/'));
}

async function rowsOfLayers(isMeant: (name: string) => boolean): Promise<Rows> {
  const rows = JSON.parse(await readText('layers.json')) as Record<string, string[]>;
  return Object.fromEntries(Object.entries(rows).filter(([name]) => isMeant(name)));
}

/** `folders.json`: the folders of each package's sources, lowest first. */
export async function readFolders(): Promise<Readonly<Record<string, readonly string[]>>> {
  return JSON.parse(await readText('folders.json')) as Record<string, string[]>;
}

const LEFT_OUT = new Set(['node_modules', '.git', '.turbo', 'dist', 'coverage']);

/** Files below a folder whose path fits, sorted, relative to it, with `/`; built and installed ones left out. */
export async function filesBelow(directory: string, pattern: RegExp): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const full = path.join(directory, entry.name);
    if (entry.isDirectory() && !LEFT_OUT.has(entry.name)) {
      found.push(...(await filesBelow(full, pattern)).map((file) => `${entry.name}/${file}`));
    }
    if (entry.isFile() && pattern.test(entry.name)) found.push(entry.name);
  }
  return found.sort();
}
