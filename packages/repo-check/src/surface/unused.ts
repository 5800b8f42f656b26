import ts from 'typescript';
import { codeSpans, readPages } from '../markdown.ts';
import { declarationsOf, membersOf, namedBy, publicSymbols } from './public-surface.ts';
import { placeOf, type SourceProgram } from './source-program.ts';
import { type Candidate, withoutUse } from './uses.ts';

/**
 * Public symbols and members without a user: no source, no example, no page. Tests count only for what is there for
 * tests, and a doc comment belongs to its declaration.
 *
 * A symbol needs a user outside of its package, a public signature that names it, or a page that tells of it. A member
 * needs code that reads it; an example or a page may also write it. Types that flow into others of the same shape are
 * not followed.
 *
 * @returns such as `@mcp-tasks/store memoryStore` and `@mcp-tasks/store TaskHead.owner`, sorted.
 */
export async function unusedSurface(program: SourceProgram): Promise<readonly string[]> {
  const symbols = await publicSymbols(program);
  const entryOf = new Map(symbols.flatMap(({ entry, declarations }) => declarations.map((item) => [item, entry])));
  const named = namedInSignatures(program.checker, entryOf);
  const told = await toldInPages();
  const alone = symbols.filter(
    ({ name, declarations }) => !told.has(name) && !declarations.some((item) => named.has(item)),
  );
  const types = [...named].filter(([declaration]) => isType(declaration));
  const members = membersWithUsers(program.checker, new Map([...types, ...entryOf]));
  const candidates = [
    ...alone.map(({ entry, name, declarations }): Candidate => ({
      key: `${entry} ${name}`,
      word: name,
      declarations,
      countsIn: (file) => !file.startsWith(sourcesOf(entry)) && countsFor(entry, file),
    })),
    ...members,
  ];
  return withoutUse(program, candidates)
    .map(({ key }) => key)
    .sort();
}

/** The members of public types: those of one name in one type are one member. */
function membersWithUsers(checker: ts.TypeChecker, entryOf: ReadonlyMap<ts.Declaration, string>): readonly Candidate[] {
  const found = new Map<string, Candidate & { readonly declarations: ts.Declaration[] }>();
  const derived: (readonly [ts.Declaration, ts.Declaration])[] = [];
  for (const [type, entry] of entryOf) {
    for (const { name, declaration } of membersOf(type)) {
      const declarations = [declaration, ...inherited(checker, declaration)];
      // What the language's own types have, such as the name of an error, is used by the language.
      if (declarations.some((item) => !isOurs(item))) continue;
      derived.push(...declarations.slice(1).map((base) => [base, declaration] as const));
      const key = `${entry} ${name}`;
      found.set(key, {
        key,
        word: name.slice(name.lastIndexOf('.') + 1),
        declarations: [...(found.get(key)?.declarations ?? []), ...declarations],
        countsIn: (file) => countsFor(entry, file),
      });
    }
  }
  for (const { declarations } of found.values()) {
    declarations.push(...derived.flatMap(([base, own]) => (declarations.includes(base) ? [own] : [])));
  }
  return [...found.values()];
}

/** Symbols that public signatures name, step by step, and the entry from which each was reached. */
function namedInSignatures(
  checker: ts.TypeChecker,
  entryOf: ReadonlyMap<ts.Declaration, string>,
): ReadonlyMap<ts.Declaration, string> {
  const named = new Map<ts.Declaration, string>();
  const queue = [...entryOf];
  const seen = new Set(entryOf.keys());
  for (const [declaration, entry] of queue) {
    for (const item of namedBy(checker, declaration).filter(isTopLevel)) {
      named.set(item, named.get(item) ?? entry);
      if (seen.has(item)) continue;
      seen.add(item);
      queue.push([item, entry]);
    }
  }
  return named;
}

/** The words of code in the text of pages. */
async function toldInPages(): Promise<ReadonlySet<string>> {
  const spans = (await readPages()).flatMap((page) => codeSpans(page));
  return new Set(spans.flatMap((span) => span.match(/\w+/g) ?? []));
}

function countsFor(entry: string, file: string): boolean {
  return !file.includes('/test/') || /\/testing$|\/store-kit\b/.test(entry);
}

function sourcesOf(entry: string): string {
  return `packages/${entry.split('/')[1] ?? ''}/src/`;
}

function isOurs(declaration: ts.Declaration): boolean {
  return /^packages\/[^/]+\/src\//.test(placeOf(declaration.getSourceFile()));
}

function isTopLevel(declaration: ts.Declaration): boolean {
  const statement = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
  return isOurs(declaration) && ts.isSourceFile(statement.parent);
}

function isType(declaration: ts.Declaration): boolean {
  return ts.isInterfaceDeclaration(declaration) || ts.isTypeAliasDeclaration(declaration);
}

/** The same member in what its class or interface extends or implements: who uses one uses the other. */
function inherited(checker: ts.TypeChecker, member: ts.NamedDeclaration): readonly ts.Declaration[] {
  const owner = member.parent;
  const { name } = member;
  if (!(ts.isClassLike(owner) || ts.isInterfaceDeclaration(owner)) || name === undefined) return [];
  const bases = (owner.heritageClauses ?? []).flatMap(({ types }) => types);
  return bases.flatMap((base) =>
    declarationsOf(checker, checker.getTypeAtLocation(base).getProperty((name as ts.Identifier).text)),
  );
}
