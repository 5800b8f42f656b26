import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { workflow } from '../../src/index.ts';
import { layer, text } from '../support/layer.ts';

function refusal(shape: Readonly<Record<string, z.ZodType>>): string {
  const tasks = layer();
  const tool = tasks.tool('tool', {}, () => text(''));
  try {
    workflow(tasks, 'w', { description: 'd', arguments: z.object(shape) }, ({ step }) => {
      step('one', { tool });
    });
  } catch (error) {
    return (error as Error).message;
  }
  return 'taken';
}

describe('the schema of prompt arguments, which arrive as strings', () => {
  it.each([
    ['a text', z.string().min(3)],
    ['a choice', z.enum(['a', 'b'])],
    ['a number that is read from a text', z.coerce.number()],
    ['a number with bounds', z.coerce.number().min(100).max(200)],
    ['a whole number', z.coerce.number().int().multipleOf(7).min(8)],
    ['a boolean that is read from a text', z.stringbool()],
    ['a text that becomes something else', z.string().transform((value) => value.length)],
    ['a number with a default', z.coerce.number().default(3)],
    ['a choice of types', z.union([z.string(), z.number()])],
    ['an optional number', z.coerce.number().optional()],
  ])('takes %s', (_what, property) => {
    expect(refusal({ other: z.string(), property })).toBe('taken');
  });

  it.each([
    ['a number', z.number(), /argument "property" is of type number.*z\.coerce\.number\(\)/],
    ['a whole number', z.int(), /argument "property" is of type integer/],
    ['a boolean', z.boolean(), /argument "property" is of type boolean.*z\.stringbool\(\)/],
    ['a coerced boolean, for which "false" is true', z.coerce.boolean(), /takes every string.*z\.stringbool\(\)/],
    ['an object', z.object({ a: z.string() }), /is of type object/],
    ['an array', z.array(z.string()), /is of type array/],
    ['a number constant', z.literal(3), /is of type number/],
    [
      'a date, which JSON Schema does not know',
      z.coerce.date(),
      /`arguments` "property" cannot be shown to clients: .*z\.iso\.datetime/,
    ],
  ])('refuses %s', (_what, property, message) => {
    expect(refusal({ other: z.string(), property })).toMatch(message);
  });
});
