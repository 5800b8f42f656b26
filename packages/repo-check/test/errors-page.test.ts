import path from 'node:path';
import { TASK_ERROR_CODES } from '@mcp-tasks/store';
import { describe, expect, it } from 'vitest';
// Not public: what a code means on the wire is the server's own business, and this page's.
import { jsonRpcCode } from '../../server/src/request/errors.ts';
import { tableRows } from '../src/markdown.ts';
import { filesBelow, readText, REPOSITORY } from '../src/repository.ts';

describe('docs/errors.md', () => {
  it('lists every code of the source once, in its order', async () => {
    const rows = tableRows(await readText('docs/errors.md'), 'code');
    expect(rows.map(([code]) => code)).toEqual(TASK_ERROR_CODES.map((code) => `\`${code}\``));
  });

  it('names the JSON-RPC code that the server answers with', async () => {
    const rows = tableRows(await readText('docs/errors.md'), 'code');
    const expected = TASK_ERROR_CODES.map((code) => [`\`${code}\``, String(jsonRpcCode(code))]);
    expect(rows.map(([code, jsonRpc]) => [code, jsonRpc])).toEqual(expected);
  });

  it('promises no code that nothing throws', async () => {
    const sources = await filesBelow(path.join(REPOSITORY, 'packages'), /\.ts$/);
    const elsewhere = sources.filter(
      (file) => file.includes('/src/') && !/(task-error|server\/src\/errors)\.ts$/.test(file),
    );
    const text = (await Promise.all(elsewhere.map((file) => readText('packages', file)))).join('');
    expect(TASK_ERROR_CODES.filter((code) => !text.includes(`'${code}'`))).toEqual([]);
  });

  it('says of each code when it comes and whether the call may be sent again', async () => {
    const rows = tableRows(await readText('docs/errors.md'), 'code');
    for (const [code, , when = '', again] of rows) {
      expect(when.length, code).toBeGreaterThan(10);
      expect(['yes', 'no', 'depends'], code).toContain(again);
    }
  });
});
