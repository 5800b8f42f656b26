import ts from 'typescript';
import { declarationsOf } from './public-surface.ts';
import { placeOf, type SourceProgram } from './source-program.ts';

/** Something that needs a user. */
export interface Candidate {
  /** How it is reported. */
  readonly key: string;
  /** Text of the code of a user. */
  readonly word: string;
  /** A use of any of these counts. */
  readonly declarations: readonly ts.Declaration[];
  /** Whether a use in this file, by path from the repository's folder, counts. */
  countsIn(file: string): boolean;
}

/**
 * Find the candidates that no file reads. An import or an export is not a read, and neither is a member that is written
 * in an object literal; only users, which are all but the sources of packages, also use a member by writing it.
 */
export function withoutUse({ checker, files }: SourceProgram, candidates: readonly Candidate[]): readonly Candidate[] {
  const pending = new Map<string, Set<Candidate>>();
  for (const candidate of candidates) {
    const { word } = candidate;
    pending.set(word, (pending.get(word) ?? new Set()).add(candidate));
  }
  for (const source of files) {
    const file = placeOf(source);
    const use = (word: string, symbols: () => readonly ts.Symbol[]) => {
      const waiting = [...(pending.get(word) ?? [])].filter((candidate) => candidate.countsIn(file));
      if (waiting.length === 0) return;
      const read = new Set(symbols().flatMap((symbol) => declarationsOf(checker, symbol)));
      for (const candidate of waiting) {
        if (candidate.declarations.some((declaration) => read.has(declaration))) pending.get(word)?.delete(candidate);
      }
    };
    const visit = (node: ts.Node): void => {
      lookAt(checker, node, use);
      if (!/^packages\/[^/]+\/src\//.test(file)) lookAtWritten(checker, node, use);
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return [...pending.values()].flatMap((left) => [...left]);
}

/** Given a word, and the symbols that it stands for if anything waits for a use of such a word. */
type Use = (word: string, symbols: () => readonly ts.Symbol[]) => void;

function lookAt(checker: ts.TypeChecker, node: ts.Node, use: Use): void {
  const { parent } = node;
  if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent)) {
    const name = node.propertyName ?? node.name;
    if (ts.isIdentifier(name)) use(name.text, () => propertiesOf(checker.getTypeAtLocation(node.parent), name.text));
  } else if (ts.isElementAccessExpression(node)) {
    useByKey(checker, { key: node.argumentExpression, object: node.expression }, use);
  } else if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.InKeyword) {
    useByKey(checker, { key: node.left, object: node.right }, use);
  } else if (ts.isImportSpecifier(node) && node.propertyName !== undefined) {
    use(node.propertyName.text, () => listed(checker.getSymbolAtLocation(node.name)));
  } else if (ts.isIdentifier(node)) {
    if (ts.isShorthandPropertyAssignment(parent)) {
      use(node.text, () => listed(checker.getShorthandAssignmentValueSymbol(parent)));
    } else if (!isNameOfDeclaration(node) && !isAssigned(node)) {
      use(node.text, () => listed(checker.getSymbolAtLocation(node)));
    }
  }
}

/** The members that an object literal writes, of the type that is wanted where it stands. */
function lookAtWritten(checker: ts.TypeChecker, node: ts.Node, use: Use): void {
  if (!ts.isObjectLiteralExpression(node)) return;
  for (const { name } of node.properties) {
    if (name === undefined || !(ts.isIdentifier(name) || ts.isStringLiteral(name))) continue;
    use(name.text, () => {
      const wanted = checker.getContextualType(node);
      return wanted === undefined ? [] : propertiesOf(wanted, name.text);
    });
  }
}

function useByKey(
  checker: ts.TypeChecker,
  { key, object }: { readonly key: ts.Expression; readonly object: ts.Expression },
  use: Use,
): void {
  const type = checker.getTypeAtLocation(key);
  const known = checker.getBaseConstraintOfType(type) ?? type;
  for (const part of known.isUnion() ? known.types : [known]) {
    if (!part.isStringLiteral()) continue;
    use(part.value, () => propertiesOf(checker.getTypeAtLocation(object), part.value));
  }
}

function isNameOfDeclaration(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent) || ts.isBindingElement(parent)) return true;
  return !ts.isPropertyAccessExpression(parent) && (parent as { readonly name?: ts.Node }).name === node;
}

/** `object.member = …` */
function isAssigned(node: ts.Identifier): boolean {
  const access = node.parent;
  if (!ts.isPropertyAccessExpression(access) || access.name !== node) return false;
  const { parent } = access;
  const isLeft = ts.isBinaryExpression(parent) && parent.left === access;
  return isLeft && parent.operatorToken.kind === ts.SyntaxKind.EqualsToken;
}

/** The property of every part of a type that has one of this name. */
function propertiesOf(type: ts.Type, name: string): readonly ts.Symbol[] {
  const types = type.isUnion() ? type.types : [type];
  return types.flatMap((part) => listed(part.getProperty(name)));
}

function listed<Item>(item: Item | undefined): readonly Item[] {
  return item === undefined ? [] : [item];
}
