import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { parse } from 'yaml';
import { nodeOf } from '../src/created-project.ts';
import {
  APPLICATION,
  asJavaScript,
  EVERY_ENTRY,
  type Format,
  LIST_EXPORTS,
  loading,
  MIXED,
  SECOND_PROCESS,
} from '../src/format-programs.ts';
import { type PackedWorkspace, packWorkspace } from '../src/packed-workspace.ts';
import { entriesOf, publishedPackages } from '../src/repository.ts';

/** Folders of an application: what its package.json says, and which format its `.js` is. */
const FOLDERS: readonly (readonly [folder: string, manifest: object, ofJs: Format])[] = [
  ['with-type-module', { type: 'module' }, 'import'],
  ['without-type', {}, 'require'],
];
const FOLDER_NAMES = FOLDERS.map(([folder]) => folder);
const EXTENSIONS = ['js', 'mjs', 'cjs'] as const;
const PROGRAMS = Object.entries({ application: APPLICATION, 'every-entry': EVERY_ENTRY });

const COMPILER_OPTIONS = {
  target: 'ES2023',
  lib: ['ES2023'],
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  rootDir: 'source',
};

/** One thing that was made in one format and used in the other. */
interface Mixed {
  /** The format of its user. */
  readonly how: Format;
  readonly use: string;
  readonly error?: { readonly code: string; readonly message: string; readonly known: boolean };
}

const DECLARATION = /^(?:export )?(?:declare )?(?:function|const|class|interface|type) (\w+)/gm;

function formatOf(extension: (typeof EXTENSIONS)[number], ofJs: Format): Format {
  if (extension === 'js') return ofJs;
  return extension === 'mjs' ? 'import' : 'require';
}

/** The names that a text declares; a function with several signatures is declared once. */
function declaredIn(text: string): readonly string[] {
  return [...new Set([...text.matchAll(DECLARATION)].map(([, name = '']) => name))];
}

describe('the packed packages', () => {
  let workspace: PackedWorkspace;
  let entries: readonly string[];
  let packages: readonly string[];

  beforeAll(async () => {
    const published = await publishedPackages();
    // A command alone has no entry, and one format.
    const imported = published.filter(({ manifest }) => entriesOf(manifest).length > 0);
    packages = imported.map(({ manifest }) => manifest.name);
    entries = published.flatMap(({ manifest }) => entriesOf(manifest)).map(({ entry }) => entry);
    workspace = await packWorkspace();
    for (const [folder, manifest, ofJs] of FOLDERS) {
      await workspace.write(`${folder}/package.json`, JSON.stringify(manifest));
      for (const extension of EXTENSIONS) {
        for (const [name, { needs, body }] of PROGRAMS) {
          const code = asJavaScript(loading(formatOf(extension, ofJs), needs) + body);
          await workspace.write(`${folder}/${name}.${extension}`, code);
        }
        const typed = loading('import', APPLICATION.needs) + APPLICATION.body;
        await workspace.write(`${folder}/source/application.${extension.replace('js', 'ts')}`, typed);
      }
    }
    const list = LIST_EXPORTS.replace('ENTRIES', JSON.stringify(entries));
    await workspace.write('list.mjs', list.replace('LOAD', 'import'));
    await workspace.write('list.cjs', list.replace('LOAD', 'require'));
    await workspace.write('mixed.mjs', MIXED);
    await workspace.write('process.mjs', loading('import', SECOND_PROCESS.needs) + SECOND_PROCESS.body);
    await workspace.write('process.cjs', loading('require', SECOND_PROCESS.needs) + SECOND_PROCESS.body);
  }, 300_000);

  afterAll(() => workspace.remove());

  describe.each(['20', '22', '24'])('on Node.js %s', (version) => {
    let node: string | undefined;

    beforeAll(async () => {
      node = await nodeOf(version).catch((error: unknown) => {
        if (process.env['CI'] === 'true') throw error;
        return undefined;
      });
    }, 120_000);

    const run = async (context: TestContext, ...parameters: string[]) =>
      node === undefined
        ? context.skip(`Node.js ${version} cannot be fetched here.`)
        : workspace.run(node, ...parameters);

    it('load in both formats, and export the same names in both', async (context) => {
      const list = async (file: string) => JSON.parse(await run(context, file)) as Record<string, unknown>;
      const [imported, required] = [await list('list.mjs'), await list('list.cjs')];
      expect(Object.keys(imported)).toEqual(entries);
      // vitest cannot be required; its test files are ES modules in any package.
      const { '@mcp-tasks/store-kit/vitest': forVitest } = required;
      expect(forVitest).toMatch(/^Vitest cannot be imported in a CommonJS module/);
      expect({ ...required, '@mcp-tasks/store-kit/vitest': ['describeContract'] }).toEqual(imported);
    });

    it.for(FOLDER_NAMES)(
      'serve an application, and know in each entry what others made: %s',
      async (folder, context) => {
        for (const extension of EXTENSIONS) {
          for (const [name, { prints }] of PROGRAMS) {
            const file = `${folder}/${name}.${extension}`;
            expect(await run(context, file), file).toBe(prints);
          }
        }
      },
    );

    it('refuse what another copy made, in one error that names the files of both', async (context) => {
      const results = JSON.parse(await run(context, '--enable-source-maps', 'mixed.mjs')) as readonly Mixed[];
      const taken = results.filter(({ error }) => error === undefined).map(({ how, use }) => `${how}: ${use}`);
      expect(taken).toEqual(['import: store, which any copy takes', 'require: store, which any copy takes']);
      const refused = results.filter(({ error }) => error !== undefined);
      expect(refused).toHaveLength(30);
      for (const { how, use, error } of refused) {
        expect(error, `${how}: ${use}`).toMatchObject({ code: 'COPIES_MIXED', known: true });
        const [, ...files] = /comes from (\S+), and is used by (\S+), which/.exec(error?.message ?? '') ?? [];
        const places = files.map((file) => path.relative(workspace.directory, file).replaceAll(path.sep, '/'));
        const [imported, required] = [/^node_modules\/.*\/dist\/.*\.m?js$/, /^node_modules\/.*\/dist\/.*\.cjs$/];
        const expected = how === 'import' ? [required, imported] : [imported, required];
        expect(places, `${how}: ${use}`).toEqual(expected.map((file) => expect.stringMatching(file) as unknown));
      }
    });
  });

  it.each(['node16', 'nodenext'])('compile with moduleResolution %s, in both formats, and then run', async (module) => {
    for (const folder of FOLDER_NAMES) {
      const compilerOptions = { ...COMPILER_OPTIONS, module, moduleResolution: module, outDir: module };
      await workspace.write(`${folder}/${module}.json`, JSON.stringify({ compilerOptions, include: ['source'] }));
      await workspace.run('pnpm', 'exec', 'tsc', '-p', `${folder}/${module}.json`);
      for (const extension of EXTENSIONS) {
        const file = `${folder}/${module}/application.${extension}`;
        expect(await workspace.run(process.execPath, file), file).toBe(APPLICATION.prints);
      }
    }
  });

  it.each(['mjs', 'cjs'])('start the process of a contract case, in .%s', async (extension) => {
    expect(await workspace.run(process.execPath, `process.${extension}`)).toMatch(
      /in the second process: TypeError: This store is shut\./,
    );
  });

  it('have each source and declaration once in a format, with its comments, and show no zod', async () => {
    for (const name of packages) {
      const folder = path.join(workspace.directory, 'node_modules', name, 'dist');
      const files = await readdir(folder);
      const texts = (ending: string) =>
        Promise.all(
          files.filter((file) => file.endsWith(ending)).map((file) => readFile(path.join(folder, file), 'utf8')),
        );
      for (const format of ['.js.map', '.cjs.map']) {
        const sources = (await texts(format)).flatMap((text) => (JSON.parse(text) as { sources: string[] }).sources);
        expect(sources.length, name).toBeGreaterThan(3);
        expect(sources.sort(), name).toEqual([...new Set(sources)].sort());
      }
      const declared = (await texts('.d.ts')).flatMap(declaredIn);
      expect(declared.sort(), name).toEqual([...new Set(declared)].sort());
      const [imported = '', required = ''] = [await texts('.d.ts'), await texts('.d.cts')].map((all) => all.join('\n'));
      expect(required.replaceAll(/('\.\/[\w-]+)\.cjs/g, '$1.js'), name).toBe(imported);
      expect(imported, name).toMatch(/^\/\*\*$/m);
      expect(imported, name).not.toMatch(/from 'zod/);
    }
  });

  it('bring no second zod to an application', async () => {
    expect(await workspace.run('pnpm', 'why', 'zod')).toContain('@mcp-tasks/wire');
    const lock = parse(await readFile(path.join(workspace.directory, 'pnpm-lock.yaml'), 'utf8')) as {
      packages: object;
    };
    expect(Object.keys(lock.packages).filter((key) => key.startsWith('zod@'))).toHaveLength(1);
  });
});
