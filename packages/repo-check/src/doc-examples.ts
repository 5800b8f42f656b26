import ts from 'typescript';
import { publicSymbols } from './surface/public-surface.ts';
import { entriesProgram } from './surface/source-program.ts';

/** A symbol that an entry of a package exports, as its doc comment shows it. */
export interface DocumentedSymbol {
  /** Where users import it from, such as `@mcp-tasks/store`. */
  readonly entry: string;
  readonly name: string;
  readonly isFunction: boolean;
  /** The code of each `@example` of its doc comment. */
  readonly examples: readonly string[];
}

/** Names that examples may use without declaring them, with their types. */
const AMBIENT: Readonly<Record<string, string>> = {
  tasks: "import('@mcp-tasks/runner').Tasks",
  task: "import('@mcp-tasks/runner').TaskContext",
  store: "import('@mcp-tasks/store').TaskStore",
  mcp: "import('@modelcontextprotocol/server').McpServer",
  pool: "import('pg').Pool",
  redis: "import('ioredis').Redis",
};

/** Imported where an example says them. */
const IMPORTED: Readonly<Record<string, string>> = {
  z: "import * as z from 'zod';",
  McpServer: "import { McpServer } from '@modelcontextprotocol/server';",
  createMcpHandler: "import { createMcpHandler } from '@modelcontextprotocol/server';",
  StdioServerTransport: "import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';",
};

/** Every symbol that users import, with the examples of its doc comment. */
export async function documentedSymbols(): Promise<readonly DocumentedSymbol[]> {
  const program = await entriesProgram();
  return (await publicSymbols(program)).map(({ entry, name, symbol }) => ({
    entry,
    name,
    isFunction: (symbol.flags & ts.SymbolFlags.Function) !== 0,
    examples: symbol
      .getJsDocTags(program.checker)
      .filter((tag) => tag.name === 'example')
      .map((tag) => ts.displayPartsToString(tag.text).replace(/^```\w*\n|\n?```\s*$/g, '')),
  }));
}

/** An example as a module: what it uses of our packages is imported, and what it needs of its surroundings declared. */
export function exampleModule(code: string, entry: string, symbols: readonly DocumentedSymbol[]): string {
  const wanted = namesUsed(code);
  const imports = new Map<string, string>();
  // Of two symbols of one name, an example means the one beside it.
  const nearest = [...symbols].sort((one, other) => Number(other.entry === entry) - Number(one.entry === entry));
  for (const { entry: from, name } of nearest) {
    if (wanted.has(name) && !imports.has(name)) imports.set(name, `import { ${name} } from '${from}';`);
  }
  const ambient = Object.entries(AMBIENT).map(([name, type]): [string, string] => [
    name,
    `declare const ${name}: ${type};`,
  ]);
  const others = [...Object.entries(IMPORTED), ...ambient].filter(([name]) => wanted.has(name) && !imports.has(name));
  return [...imports.values(), ...others.map(([, line]) => line), code, 'export {};', ''].join('\n');
}

/** Names that a module uses and does not declare. */
function namesUsed(code: string): ReadonlySet<string> {
  const used = new Set<string>();
  const declared = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) {
      const { parent } = node;
      const isProperty =
        (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
        (ts.isPropertyAssignment(parent) && parent.name === node);
      const isDeclared =
        (ts.isVariableDeclaration(parent) ||
          ts.isBindingElement(parent) ||
          ts.isParameter(parent) ||
          ts.isFunctionDeclaration(parent) ||
          ts.isClassDeclaration(parent) ||
          ts.isImportSpecifier(parent) ||
          ts.isNamespaceImport(parent) ||
          ts.isImportClause(parent)) &&
        parent.name === node;
      if (isDeclared) declared.add(node.text);
      else if (!isProperty) used.add(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('example.ts', code, ts.ScriptTarget.ES2023, true));
  for (const name of declared) used.delete(name);
  return used;
}
