// Builds the package in whose folder it runs: for each entry of its package.json one file as an ES module and one as
// CommonJS, each with types and source map; what entries share is in chunks beside them. Sources that are no entry but
// need a file of their own (such as the main module of a child process) are named as arguments.
// A package without entries is a command: it is an ES module alone, and has no types.
// `tsc -p tsconfig.build.json` comes first: it checks the sources and leaves their declarations in `dist/types`.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { rolldown } from 'rolldown';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';

const FOLDER = 'dist';
const TYPES = path.join(FOLDER, 'types');
/** Declarations keep the names of the sources that they import. */
const toDeclarations = {
  name: 'to-declarations',
  resolveId: (id, importer) =>
    importer !== undefined && id.startsWith('.')
      ? path.resolve(path.dirname(importer), id.replace(/\.ts$/, '.d.ts'))
      : undefined,
};
/** Nothing of another package becomes part of ours: it would be there twice. */
const external = (id) => !/^[./]/.test(id) && !path.isAbsolute(id);

const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
const entries = Object.values(exports).flatMap((target) => target['@mcp-tasks/source'] ?? []);
const formats = [
  { format: 'esm', extension: '.js' },
  ...(entries.length > 0 ? [{ format: 'cjs', extension: '.cjs' }] : []),
];

for (const name of readdirSync(FOLDER)) {
  if (path.join(FOLDER, name) !== TYPES) rmSync(path.join(FOLDER, name), { recursive: true });
}
await Promise.all([bundleCode([...entries, ...process.argv.slice(2)]), bundleTypes(entries)]);
rmSync(TYPES, { recursive: true });
// Loaders that find a CommonJS file look for its ES module under the same name with `.mjs`, as the SDK has it.
for (const file of entries) {
  const name = path.basename(file, '.ts');
  writeFileSync(path.join(FOLDER, `${name}.mjs`), `export * from './${name}.js';\n`);
}

async function bundleCode(input) {
  const bundle = await rolldown({
    input,
    external,
    platform: 'node',
    transform: { target: 'node20' },
  });
  for (const { format, extension } of formats) {
    await bundle.write({
      dir: FOLDER,
      format,
      sourcemap: true,
      minifyInternalExports: false,
      entryFileNames: `[name]${extension}`,
      chunkFileNames: `[name]${extension}`,
    });
  }
  await bundle.close();
}

async function bundleTypes(sources) {
  if (sources.length === 0) return;
  const bundle = await rollup({
    input: Object.fromEntries(sources.map((file) => [path.basename(file, '.ts'), declarationsOf(file)])),
    external,
    plugins: [toDeclarations, dts()],
  });
  for (const extension of ['.d.ts', '.d.cts']) {
    await bundle.write({
      dir: FOLDER,
      minifyInternalExports: false,
      hoistTransitiveImports: false,
      entryFileNames: `[name]${extension}`,
      chunkFileNames: ({ name }) => `${name.replace(/\.d$/, '')}${extension}`,
    });
  }
  await bundle.close();
}

function declarationsOf(file) {
  return path.resolve(TYPES, path.relative('src', file).replace(/\.ts$/, '.d.ts'));
}
