import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type AuthorSchema, createTasks, type ToolOptions } from '../../src/index.ts';
import { text } from '../support/layer.ts';

/** Fields without a JSON Schema on both sides, and what the message has to advise. */
const BOTH: Readonly<Record<string, readonly [AuthorSchema, string]>> = {
  date: [z.date(), 'use z.iso.datetime()'],
  'a coerced date': [z.coerce.date(), 'use z.iso.datetime()'],
  bigint: [z.bigint(), 'use z.int()'],
  'a 64-bit integer': [z.int64(), 'use z.int()'],
  map: [z.map(z.string(), z.string()), 'use z.record'],
  set: [z.set(z.string()), 'use z.array'],
  custom: [z.custom<string>(), 'with .refine()'],
  'an instance': [z.instanceof(Date), 'with .refine()'],
  symbol: [z.symbol(), 'use z.string()'],
  undefined: [z.undefined(), 'use .optional()'],
  void: [z.void(), 'use .optional()'],
  NaN: [z.nan(), 'use z.number()'],
  'a literal of bigint': [z.literal(1n), 'use a literal text'],
  'an optional date': [z.date().optional(), 'use z.iso.datetime()'],
  'a date or a text': [z.union([z.string(), z.date()]), 'use z.iso.datetime()'],
  'a date and more': [z.intersection(z.date(), z.any()), 'use z.iso.datetime()'],
  'a lazy date': [z.lazy(() => z.date()), 'use z.iso.datetime()'],
};
/** Those that have none of what comes out. */
const OUTPUTS: typeof BOTH = {
  transform: [z.string().transform((value) => value.length), 'end it with .pipe()'],
  codec: [
    z.codec(z.string(), z.date(), { decode: (value) => new Date(value), encode: (value) => value.toISOString() }),
    'use z.iso.datetime()',
  ],
};

const cases = [
  ...Object.entries(BOTH).flatMap(([what, [schema, says]]) =>
    (['inputSchema', 'outputSchema', 'variables'] as const).map((field) => ({ what, schema, says, field })),
  ),
  ...Object.entries(OUTPUTS).map(([what, [schema, says]]) => ({ what, schema, says, field: 'outputSchema' as const })),
];

const register = (options: Partial<Record<keyof ToolOptions, unknown>>) => () =>
  createTasks().tool('report', options as ToolOptions as never, () => text('done'));

describe('a schema that clients cannot be shown', () => {
  it.each(cases)('is refused where its tool is registered: $what in $field', ({ schema, says, field }) => {
    const nested = z.object({
      fine: z.string(),
      deep: z.object({ list: z.array(z.object({ at: schema as z.ZodType })) }),
    });
    expect(register({ [field]: nested })).toThrow(TypeError);
    expect(register({ [field]: nested })).toThrow(
      `Tool "report": ${field} "deep.list.[].at" cannot be shown to clients: `,
    );
    expect(register({ [field]: nested })).toThrow(says);
  });

  it('is taken where the side that clients see has a JSON Schema', () => {
    const fine = z.object({
      a: z.string().transform(Number).pipe(z.number()),
      b: z.stringbool(),
      c: z.preprocess((value) => value, z.string()),
      d: z.file().optional(),
      e: z.any(),
    });
    expect(register({ inputSchema: fine, outputSchema: fine, variables: fine })).not.toThrow();
    expect(register({ inputSchema: z.object({ a: z.string().transform((value) => value.length) }) })).not.toThrow();
  });

  it.each([
    ['an array', z.array(z.string()), 'inputSchema must describe an object, not "array"; put it into one'],
    ['a text', z.string(), 'inputSchema must describe an object, not "string"'],
    [
      'fields alone',
      { month: z.string() },
      'such as z.object({ ... }) of zod 4.2 or newer: put the fields into z.object({ ... }).',
    ],
    ['a schema of zod 3', { _def: {}, parse: () => 1 }, 'this schema is of an older version'],
    ['a JSON Schema', { type: 'object' }, 'must be a Standard Schema with JSON Schema'],
    ['a word', 'string', 'must be a Standard Schema with JSON Schema'],
  ])('is refused as an input: %s', (_what, inputSchema, says) => {
    expect(register({ inputSchema })).toThrow(TypeError);
    expect(register({ inputSchema })).toThrow(says);
    expect(register({ inputSchema })).toThrow(/^Tool "report": inputSchema /);
  });

  it('is taken as an input where it is a union of objects, and as an output where it is none', () => {
    const union = z.union([z.object({ a: z.string() }), z.object({ b: z.string() })]);
    expect(register({ inputSchema: union, outputSchema: z.array(z.string()) })).not.toThrow();
  });
});
