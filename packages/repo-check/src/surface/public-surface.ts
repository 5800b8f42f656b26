import path from 'node:path';
import ts from 'typescript';
import { entriesOf, publishedPackages } from '../repository.ts';
import type { SourceProgram } from './source-program.ts';

/** A symbol that an entry exports. */
export interface PublicSymbol {
  /** Specifier of an import, such as `@mcp-tasks/store/rules`. */
  readonly entry: string;
  readonly name: string;
  /** The symbol behind imports and exports. */
  readonly symbol: ts.Symbol;
  readonly declarations: readonly ts.Declaration[];
}

/** A member of a public type, class or table. */
export interface PublicMember {
  /** Such as `OwnerView.cancel`. */
  readonly name: string;
  readonly declaration: ts.NamedDeclaration;
}

/** Every symbol that an entry of a published package exports. */
export async function publicSymbols({ checker, files }: SourceProgram): Promise<readonly PublicSymbol[]> {
  const found: PublicSymbol[] = [];
  for (const { directory, manifest } of await publishedPackages()) {
    for (const { entry, file } of entriesOf(manifest)) {
      const source = files.find(({ fileName }) => fileName === path.join(directory, file));
      const module = source && checker.getSymbolAtLocation(source);
      if (module === undefined) throw new TypeError(`${entry} exports nothing.`);
      for (const symbol of checker.getExportsOfModule(module)) {
        const meant = behindAliases(checker, symbol);
        found.push({ entry, name: symbol.name, symbol: meant, declarations: meant.declarations ?? [] });
      }
    }
  }
  return found;
}

/** Where what a symbol stands for is declared: behind imports and exports. */
export function declarationsOf(checker: ts.TypeChecker, symbol: ts.Symbol | undefined): readonly ts.Declaration[] {
  return (symbol && behindAliases(checker, symbol).declarations) ?? [];
}

function behindAliases(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/**
 * Names in the signature of a declaration: types, and values by `typeof` or in a table. The bodies of functions are not
 * looked at.
 */
export function namedBy(checker: ts.TypeChecker, declaration: ts.Declaration): readonly ts.Declaration[] {
  const found: ts.Declaration[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isBlock(node)) return;
    if (ts.isShorthandPropertyAssignment(node)) {
      found.push(...declarationsOf(checker, checker.getShorthandAssignmentValueSymbol(node)));
    } else if (ts.isIdentifier(node)) {
      found.push(...declarationsOf(checker, checker.getSymbolAtLocation(node)));
    }
    ts.forEachChild(node, visit);
  };
  visit(isTyped(declaration) ? declaration.type : declaration);
  if (ts.isFunctionDeclaration(declaration) && declaration.type === undefined) {
    const signature = checker.getSignatureFromDeclaration(declaration);
    const type = signature && checker.getReturnTypeOfSignature(signature);
    found.push(...declarationsOf(checker, type?.aliasSymbol ?? type?.symbol));
  }
  return found.filter((named) => named !== declaration);
}

/** Members that users see, those of nested types included. What a parameter takes belongs to its function. */
export function membersOf(declaration: ts.Declaration): readonly PublicMember[] {
  const found: PublicMember[] = [];
  const visit = (node: ts.Node, owner: string): void => {
    if (ts.isBlock(node) || ts.isParameter(node) || isFunctionValue(node) || isPattern(node) || isAbsent(node)) return;
    if (!isMember(node)) {
      ts.forEachChild(node, (child) => {
        visit(child, owner);
      });
      return;
    }
    const { name } = node;
    // A computed name, a `#private` one and one with `~` are marks for the compiler.
    if (name === undefined || !(ts.isIdentifier(name) || ts.isStringLiteral(name)) || name.text.startsWith('~')) return;
    const member = `${owner}.${name.text}`;
    found.push({ name: member, declaration: node });
    ts.forEachChild(node, (child) => {
      visit(child, member);
    });
  };
  if (!isTyped(declaration)) visit(declaration, ts.getNameOfDeclaration(declaration)?.getText() ?? '');
  return found;
}

/** A value whose type is written beside it promises that type alone. */
function isTyped(node: ts.Node): node is ts.VariableDeclaration & { readonly type: ts.TypeNode } {
  return ts.isVariableDeclaration(node) && node.type !== undefined;
}

const MEMBER_KINDS: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.PropertySignature,
  ts.SyntaxKind.MethodSignature,
  ts.SyntaxKind.PropertyDeclaration,
  ts.SyntaxKind.MethodDeclaration,
  ts.SyntaxKind.GetAccessor,
  ts.SyntaxKind.PropertyAssignment,
  ts.SyntaxKind.ShorthandPropertyAssignment,
]);

function isMember(node: ts.Node): node is ts.NamedDeclaration {
  return MEMBER_KINDS.has(node.kind);
}

/** `Value extends { … }` promises no member. */
function isPattern(node: ts.Node): boolean {
  return ts.isConditionalTypeNode(node.parent) && node.parent.extendsType === node;
}

/** `name?: undefined` says that there is no such member. */
function isAbsent(node: ts.Node): boolean {
  return ts.isPropertySignature(node) && node.type?.kind === ts.SyntaxKind.UndefinedKeyword;
}

function isFunctionValue(node: ts.Node): boolean {
  return ts.isArrowFunction(node) || ts.isFunctionExpression(node);
}
