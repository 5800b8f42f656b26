import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { codeOf, ended, layer, resultOf, text } from '../support/layer.ts';

const isFine = (value: unknown) => value !== 'bad';
const later = async (value: unknown) => {
  await Promise.resolve();
  return isFine(value);
};
const optional = z.object({ a: z.string().optional(), b: z.string().optional() });

/** Schemas that look at more than one variable, and a change that they refuse. */
const WHOLE = {
  'a refinement': optional.refine(({ a }) => isFine(a)),
  'an asynchronous refinement': optional.refine(({ a }) => later(a)),
  'a refinement that names another variable': optional.refine(({ a }) => isFine(a), { path: ['b'] }),
  'a super-refinement': optional.superRefine(({ a }, context) => {
    if (!isFine(a)) context.addIssue({ code: 'custom', message: 'no' });
  }),
  'a union': z.union([
    z.object({ a: z.literal('x').optional(), b: z.string().optional() }),
    z.object({ a: z.literal('y').optional(), b: z.string().optional() }),
  ]),
  'no other names': z.strictObject({ a: z.literal('x').optional(), b: z.string().optional() }),
};

describe('variables with a schema of the whole', () => {
  it.each(Object.entries(WHOLE))(
    'are checked by %s, by set and by merge, and what does not fit is not stored',
    async (_what, schema) => {
      const { tasks, start } = layer();
      tasks.tool('t', { variables: schema as typeof optional }, async (_args, task) => {
        await task.set('b', 'first');
        await task.set('a', 'x');
        const codes = [
          await codeOf(() => task.set('a', 'bad')),
          await codeOf(() => task.merge({ a: 'bad', b: 'second' })),
        ];
        return text(JSON.stringify([codes, task.get('a'), task.get('b')]));
      });
      expect(resultOf(await ended(tasks, await start('t')))).toMatchObject({
        content: [{ text: JSON.stringify([['VARIABLE_INVALID', 'VARIABLE_INVALID'], 'x', 'first']) }],
      });
    },
  );

  it('need not be there all at once where each is checked by itself', async () => {
    const { tasks, start } = layer();
    const variables = z.object({ a: z.string(), b: z.number() }).refine(({ a, b }) => a.length < b);
    tasks.tool('t', { variables }, async (_args, task) => {
      await task.set('a', 'xx');
      const tooFew = await codeOf(() => task.set('b', 1));
      await task.set('b', 3);
      return text(`${tooFew} ${String(task.get('b'))}`);
    });
    expect(resultOf(await ended(tasks, await start('t')))).toMatchObject({ content: [{ text: 'VARIABLE_INVALID 3' }] });
  });
});
