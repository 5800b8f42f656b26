import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentedSymbols, exampleModule } from '../src/doc-examples.ts';
import { codeBlocks, type Page, readPages } from '../src/markdown.ts';
import { type PackedWorkspace, packWorkspace } from '../src/packed-workspace.ts';

/** One block of TypeScript, at its place in the folder of its page. */
interface Example {
  readonly page: string;
  /** `blocks/FOLDER/NAME.ts`. A first line `// name.ts` names a block, so that others of its page can import it. */
  readonly file: string;
  readonly code: string;
  readonly mark: string | undefined;
}

function examplesOf(page: Page): readonly Example[] {
  const folder = path.posix.dirname(page.file).replaceAll('/', '-').replace('.', 'root');
  const name = path.posix.basename(page.file, '.md').toLowerCase();
  return codeBlocks(page)
    .filter((block) => block.language === 'ts')
    .map(({ code, mark }, index) => {
      const file = /^\/\/ ([\w-]+\.ts)\b/.exec(code)?.[1] ?? `block-${String(index + 1)}.ts`;
      return { page: page.file, file: `blocks/${folder}-${name}/${file}`, code, mark };
    });
}

const TSCONFIG = {
  compilerOptions: {
    target: 'ES2023',
    lib: ['ES2023'],
    module: 'NodeNext',
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    rewriteRelativeImportExtensions: true,
    noEmitOnError: false,
    rootDir: 'blocks',
    outDir: 'out',
  },
  include: ['blocks'],
};

/** A client that calls one tool as a task over stdio and prints the first text of its result. */
const CALL_OVER_STDIO = `
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';

const [server, name, args] = process.argv.slice(2);
const client = new Client({ name: 'reader', version: '1.0.0' });
await client.connect(new StdioClientTransport({ command: process.execPath, args: [server] }));
await client.listTools();
const kinds = [];
for await (const message of client.experimental.tasks.callToolStream(
  { name, arguments: JSON.parse(args) },
  CallToolResultSchema,
  { task: {} },
)) {
  kinds.push(message.type);
  if (message.type === 'error') throw message.error;
  if (message.type === 'result') console.log(kinds[0], message.result.content[0].text);
}
await client.close();
`;

describe('the code blocks of every page and every doc comment', () => {
  let workspace: PackedWorkspace;
  let examples: readonly Example[];

  beforeAll(async () => {
    const pages = await readPages();
    examples = pages.flatMap(examplesOf);
    const written = pages.flatMap((page) => page.text.split('\n').filter((line) => /^\s*```ts\b/.test(line)));
    expect(examples.length, 'every block is found').toBe(written.length);
    expect(new Set(examples.map((example) => example.file)).size, 'every block has a name of its own').toBe(
      examples.length,
    );

    workspace = await packWorkspace();
    await workspace.write('tsconfig.json', JSON.stringify(TSCONFIG));
    await workspace.write('call-over-stdio.mjs', CALL_OVER_STDIO);
    for (const example of examples) await workspace.write(example.file, `${example.code}\nexport {};\n`);
    const symbols = await documentedSymbols();
    for (const { entry, name, examples: written } of symbols) {
      for (const [index, code] of written.entries()) {
        const file = `blocks/${entry.replaceAll(/[@/]/g, '-')}-${name}/example-${String(index + 1)}.ts`;
        await workspace.write(file, exampleModule(code, entry, symbols));
      }
    }
  }, 300_000);

  afterAll(async () => {
    await workspace.remove();
  });

  it('compile against the packed packages in an empty folder, and those marked to run give what they say', async () => {
    await workspace.run('pnpm', 'exec', 'tsc', '-p', '.');

    const marked = examples.filter((example) => example.mark !== undefined);
    for (const { page, file, mark = '' } of marked) {
      const script = file.replace(/^blocks/, 'out').replace(/\.ts$/, '.js');
      const [, tool, args, text] = /^stdio: (\w+) (\{.*\}) -> (.*)$/.exec(mark) ?? [];
      const [, printed] = /^run -> (.*)$/.exec(mark) ?? [];
      if (tool !== undefined && args !== undefined) {
        const output = await workspace.run(process.execPath, 'call-over-stdio.mjs', script, tool, args);
        expect(output.trim(), `${page}: ${mark}`).toBe(`taskCreated ${String(text)}`);
      } else if (printed !== undefined) {
        const output = await workspace.run(process.execPath, script);
        expect(output.trim(), `${page}: ${mark}`).toBe(printed);
      } else {
        expect.fail(`${page}: nothing is known about the mark "${mark}"`);
      }
    }
    expect(marked.length, 'blocks that run').toBeGreaterThan(0);
  }, 120_000);
});
