import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { STORE_PACKAGES } from '../../store/src/open/store-urls.ts';
import { filesBelow, publishedPackages, readLateImports, readText, REPOSITORY } from '../src/repository.ts';

const run = promisify(execFile);

describe('the packages that are loaded by name', () => {
  it('are those that layers.json lists for openStore', async () => {
    const rows = await readLateImports();
    const names = [...new Set(Object.values(STORE_PACKAGES).map(({ name }) => name.replace('@mcp-tasks/', '')))];
    expect(rows).toEqual({ 'store/open': names });
  });

  it('are loaded in one file of all sources', async () => {
    const found: string[] = [];
    for (const { directory } of await publishedPackages()) {
      for (const file of await filesBelow(path.join(directory, 'src'), /\.ts$/)) {
        const text = await readText(path.relative(REPOSITORY, path.join(directory, 'src', file)));
        if (/\bimport\((?!['"])/.test(text)) found.push(path.relative(REPOSITORY, path.join(directory, 'src', file)));
      }
    }
    expect(found.sort()).toEqual([
      'packages/store-kit/src/sides/process-worker.ts',
      'packages/store/src/open/load-package.ts',
    ]);
  });

  it.each(['redis://127.0.0.1:1', 'postgres://127.0.0.1:1/none'])(
    'are found from an application, and their store is the one that the URL names: %s',
    async (url) => {
      // An application of its own, which has the packages, and runs them as they are built.
      const directory = await mkdtemp(path.join(tmpdir(), 'mcp-tasks-url-'));
      onTestFinished(() => rm(directory, { recursive: true }));
      const open = path.join(REPOSITORY, 'packages/store/dist/open.js');
      const program = `
        import { openStore } from ${JSON.stringify(open)};
        const store = openStore(${JSON.stringify(url)});
        await store.open().then(() => console.log('opened'), ({ code, message, cause }) => console.log(code, message));
        await store.close();
      `;
      await writeFile(path.join(directory, 'main.mjs'), program);
      const { stdout } = await run(process.execPath, [path.join(directory, 'main.mjs')], {
        cwd: path.join(REPOSITORY, 'packages/repo-check'),
      });
      expect(stdout).toMatch(/^STORE_UNAVAILABLE /);
      expect(stdout).not.toContain('not installed');
    },
  );
});
