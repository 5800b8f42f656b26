import { beforeAll, describe, expect, it } from 'vitest';
import { type DocumentedSymbol, documentedSymbols, exampleModule } from '../src/doc-examples.ts';

/** Entries for packages that build on a layer, and for stores; authors of servers do not meet them. */
const NOT_FOR_AUTHORS = ['@mcp-tasks/runner/engine', '@mcp-tasks/store/rules', '@mcp-tasks/workflow/serving'];

describe('the doc comments of what an author meets', () => {
  let symbols: readonly DocumentedSymbol[];

  beforeAll(async () => {
    symbols = await documentedSymbols();
  }, 60_000);

  it('show an example of every function and every options object', () => {
    const met = symbols.filter(({ entry }) => !NOT_FOR_AUTHORS.includes(entry));
    const needy = met.filter(({ name, isFunction }) => isFunction || name.endsWith('Options'));
    const bare = needy.filter(({ examples }) => examples.length === 0);
    expect(bare.map(({ entry, name }) => `${entry} ${name}`)).toEqual([]);
    expect(needy.length).toBeGreaterThan(30);
  });

  it('become modules that import what they use and declare what stands around them', () => {
    const module = exampleModule(
      "const own = memoryStore();\ntasks.tool('x', { inputSchema: z.object({}) }, () => own);",
      '@mcp-tasks/store',
      [
        { entry: '@mcp-tasks/store', name: 'memoryStore', isFunction: true, examples: [] },
        { entry: '@mcp-tasks/store', name: 'own', isFunction: true, examples: [] },
      ],
    );
    expect(module.split('\n').slice(0, 3)).toEqual([
      "import { memoryStore } from '@mcp-tasks/store';",
      "import * as z from 'zod';",
      "declare const tasks: import('@mcp-tasks/runner').Tasks;",
    ]);
  });
});
