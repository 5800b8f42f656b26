import { memoryStore, TaskError } from '@mcp-tasks/store';
import { isTerminalStatus } from '@mcp-tasks/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layer, until } from '../support/layer.ts';

const KiB = 1024;
const sample = { messages: [{ role: 'user', content: { type: 'text', text: '?' } }], maxTokens: 1 };

/** Characters of one, two, three and four bytes, and such as JSON writes longer. */
const unit = fc.constantFrom('x', '\u0001', 'é', '\u0800', '😀', '"');

/** A text of these characters of at most so many bytes of UTF-8 and so many units of UTF-16. */
function filled(character: string, maxBytes: number, maxCharacters = maxBytes): string {
  const times = Math.min(maxBytes / Buffer.byteLength(character), maxCharacters / character.length);
  return character.repeat(Math.floor(times));
}

/** What a handler does, again and again: most often it asks. */
const kind = fc.constantFrom('status', 'progress', 'question', 'question', 'question', 'question');

/** Bytes of a head: its texts as UTF-8, before JSON escapes them, and all else as JSON has it. */
function headBytes(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value) + 2;
  if (typeof value !== 'object' || value === null) return String(value).length;
  const parts: readonly unknown[] = Array.isArray(value) ? value : Object.entries(value).flat();
  return parts.reduce<number>((sum, part) => sum + headBytes(part) + 1, 2);
}

describe('the head of a task', () => {
  it('[STOR-03] has at most 16 KiB, whatever its client and its handler say', async () => {
    let largest = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(unit, unit, unit, unit),
        fc.array(kind, { minLength: 10, maxLength: 90 }),
        fc.boolean(),
        async ([ofOwner, ofTool, ofKeys, ofTexts], kinds, fails) => {
          const text = filled(ofTexts, 100 * KiB);
          const tool = filled(ofTool, KiB, 128);
          const store = memoryStore();
          const update = store.update.bind(store);
          store.update = async (input) => {
            const outcome = await update(input);
            if (outcome.status === 'updated') largest = Math.max(largest, headBytes(outcome.head));
            return outcome;
          };
          // The handler gives its questions up on purpose, and the runner tells of each.
          const onBackgroundError = (error: unknown) => {
            if (!TaskError.is(error, 'EFFECT_NOT_AWAITED')) throw error;
          };
          const { tasks, start } = layer({ store, onBackgroundError, limits: { maxOpenQuestions: 100 } });
          tasks.tool(tool, {}, async (_args, task) => {
            const asked: Promise<unknown>[] = [];
            for (const [index, act] of kinds.entries()) {
              const key = `${String(index).padStart(2, '0')}${filled(ofKeys, KiB, 126)}`;
              if (act === 'status') task.status(text);
              else if (act === 'progress') task.progress(index + 1, 1e300, text);
              else asked.push(task.sample(key, sample));
            }
            // The first that is too much for the head is refused; none is answered.
            if (!fails) await Promise.all([...asked, task.step('never', () => task.sample('last', sample))]);
            throw new TypeError('\u0800'.repeat(100 * KiB));
          });
          const head = await start(tool, {}, { owner: filled(ofOwner, 512), idempotencyKey: '\u0800'.repeat(256) });
          const isAsking = ({ status, openQuestions }: typeof head) =>
            isTerminalStatus(status) || openQuestions.includes('last');
          await until(tasks, head, isAsking);
          expect(largest).toBeLessThanOrEqual(16 * KiB);
          await tasks.close({ drainMs: 0 });
        },
      ),
      {
        numRuns: 40,
        examples: [
          [['é', '\u0800', '\u0800', '😀'], ['status', 'progress', ...Array<'question'>(90).fill('question')], false],
        ],
      },
    );
    // The texts were long enough to see it.
    expect(largest).toBeGreaterThan(12 * KiB);
  });
});
