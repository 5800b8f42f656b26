import { ProtocolFailure } from '@mcp-tasks/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { argumentProblems } from '../../src/engine/argument-problems.ts';
import { ended, entry, layer } from '../support/layer.ts';

const KiB = 1024;
const MiB = 1024 * KiB;

/** Texts that make work, repeated to one mebibyte. */
const hostileText = fc
  .array(fc.constantFrom(' ', '\n', '\r\n', '(', '{', '[', '"', '\\', '\u0301', '\u202e', '😀'), {
    minLength: 1,
    maxLength: 3,
  })
  .map((units) => units.join('').repeat(MiB / units.join('').length));

const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

describe('a text of a mebibyte', () => {
  it('[BOUN-01] is cut before it is kept as status, progress or error, and the head of its task stays under 16 KiB', async () => {
    await fc.assert(
      fc.asyncProperty(hostileText, fc.boolean(), async (text, isProtocolError) => {
        const { tasks, start } = layer();
        tasks.tool('says', {}, (_args, task) => {
          task.status(text);
          task.progress(1, 2, text);
          throw isProtocolError ? new ProtocolFailure(-32050, text, { text }) : new TypeError(text);
        });
        const record = await ended(tasks, await start('says'));
        expect(bytesOf(record.head)).toBeLessThan(16 * KiB);
        // JSON has up to six characters for one.
        expect(bytesOf(entry(record, 'error') ?? entry(record, 'result'))).toBeLessThan(6 * 64 * KiB + 100);
        await tasks.close();
      }),
      { numRuns: 20 },
    );
  });

  it('[BOUN-01] makes no long error of arguments that do not fit, however many there are and whatever their names are', async () => {
    const text = ' '.repeat(MiB / 4);
    const { tasks } = layer();
    const inputSchema = z.object({ list: z.array(z.string()), names: z.record(z.string(), z.number()) });
    const tool = tasks.tool('takes', { inputSchema }, () => ({ content: [] }));
    const args = { list: Array.from({ length: 100_000 }, () => 1), names: { [text]: text } };
    const problems = await argumentProblems(tool, args);
    expect(problems?.illTyped).toHaveLength(100);
    const error: unknown = await tasks
      .startTask({ tool: 'takes', owner: 'alice', arguments: args })
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENTS' });
    expect((error as Error).message).toMatch(/, and 99901 more$/);
    const named = await argumentProblems(tool, { list: [], names: { [text]: text } });
    expect(bytesOf(named)).toBeLessThan(4 * KiB);
    await tasks.close();
  });
});
