import path from 'node:path';
import ts from 'typescript';
import { codeBlocks, readPages } from '../markdown.ts';
import { entriesOf, filesBelow, publishedPackages, readText, REPOSITORY, workspacePackages } from '../repository.ts';

/** All sources and tests of packages and examples, and the code blocks of the pages, as one program of the compiler. */
export interface SourceProgram {
  readonly checker: ts.TypeChecker;
  readonly files: readonly ts.SourceFile[];
}

/**
 * Read all sources.
 *
 * @param planted - text to append to files, by path from the repository's folder; a file that does not exist is made.
 */
export async function sourceProgram(planted: Readonly<Record<string, string>> = {}): Promise<SourceProgram> {
  const texts = new Map([...(await sources()), ...(await blocksOfPages())]);
  for (const [file, text] of Object.entries(planted)) {
    const full = path.join(REPOSITORY, file);
    texts.set(full, `${texts.get(full) ?? ''}\n${text}`);
  }
  const program = ts.createProgram([...texts.keys()], compilerOptions(), hostOver(texts));
  const files = program.getSourceFiles().filter(({ fileName }) => texts.has(fileName));
  return { checker: program.getTypeChecker(), files };
}

/** Read what the published packages export, and what that is made of. */
export async function entriesProgram(): Promise<SourceProgram> {
  const entries = (await publishedPackages()).flatMap(({ directory, manifest }) =>
    entriesOf(manifest).map(({ file }) => path.join(directory, file)),
  );
  const program = ts.createProgram(entries, compilerOptions());
  return { checker: program.getTypeChecker(), files: program.getSourceFiles() };
}

/** Path from the repository's folder. */
export function placeOf({ fileName }: ts.SourceFile): string {
  return path.relative(REPOSITORY, fileName);
}

async function sources(): Promise<readonly (readonly [string, string])[]> {
  const all = [...(await workspacePackages('packages')), ...(await workspacePackages('examples'))];
  const found = all.map(async ({ directory }) => {
    const files = (await filesBelow(directory, /\.ts$/)).filter((file) => /^(src|test)\//.test(file));
    return files.map((file) => path.join(directory, file));
  });
  const files = (await Promise.all(found)).flat().filter((file) => !file.includes('/repo-check/'));
  return Promise.all(files.map(async (file) => [file, await readText(path.relative(REPOSITORY, file))] as const));
}

/**
 * Each block as a file of this package, which knows every other one. What it does not find, such as zod, has no type.
 */
async function blocksOfPages(): Promise<readonly (readonly [string, string])[]> {
  const blocks = (await readPages()).flatMap((page) => codeBlocks(page).map((block) => ({ page, ...block })));
  return blocks
    .filter(({ language }) => language === 'ts')
    .map(({ page, code }, index) => {
      const name = `${page.file.replaceAll(/\W+/g, '-')}-${index}.ts`;
      return [path.join(REPOSITORY, 'packages/repo-check/pages', name), `${code}\nexport {};\n`] as const;
    });
}

function compilerOptions(): ts.CompilerOptions {
  const file = path.join(REPOSITORY, 'tsconfig.base.json');
  const { config } = ts.readConfigFile(file, (name) => ts.sys.readFile(name)) as {
    readonly config: { readonly compilerOptions: unknown };
  };
  const { options, errors } = ts.convertCompilerOptionsFromJson(config.compilerOptions, REPOSITORY);
  if (errors.length > 0) throw new TypeError(`${file} cannot be read.`);
  return options;
}

function hostOver(texts: ReadonlyMap<string, string>): ts.CompilerHost {
  const host = ts.createCompilerHost({}, true);
  return {
    ...host,
    fileExists: (file) => texts.has(file) || host.fileExists(file),
    readFile: (file) => texts.get(file) ?? host.readFile(file),
    getSourceFile: (file, version, ...rest) => {
      const text = texts.get(file);
      return text === undefined
        ? host.getSourceFile(file, version, ...rest)
        : ts.createSourceFile(file, text, version, true);
    },
  };
}
