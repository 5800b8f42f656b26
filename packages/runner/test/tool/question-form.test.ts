import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type AuthorSchema, createTasks } from '../../src/index.ts';
import { askedContent } from '../../src/tool/form-schema.ts';
import { askRequests, checkResponse, elicitRequest } from '../../src/tool/question-form.ts';

const RECURSIVE: z.ZodType = z.object({
  get again() {
    return RECURSIVE;
  },
});

function formOf(schema: AuthorSchema): unknown {
  return elicitRequest('q', { message: 'Q?', schema }).params['requestedSchema'];
}

describe('the form of a question', () => {
  it('is the JSON Schema of the author schema, as the protocol allows it', () => {
    const schema = z.object({
      name: z.string().min(1).max(9).describe('Your name'),
      mail: z.email(),
      site: z.url().optional(),
      born: z.iso.date().optional(),
      seen: z.iso.datetime().optional(),
      code: z.string().regex(/^[a-z]+$/u),
      age: z.number().min(0).max(150).default(18),
      count: z.int32().optional(),
      sure: z.boolean(),
      colour: z.enum(['red', 'green']),
      sizes: z
        .array(z.enum(['s', 'm']))
        .min(1)
        .max(2),
    });
    expect(formOf(schema)).toEqual({
      type: 'object',
      properties: {
        name: { type: 'string', minLength: 1, maxLength: 9, description: 'Your name' },
        mail: { type: 'string', format: 'email' },
        site: { type: 'string', format: 'uri' },
        born: { type: 'string', format: 'date' },
        seen: { type: 'string', format: 'date-time' },
        code: { type: 'string', pattern: '^[a-z]+$' },
        age: { type: 'number', minimum: 0, maximum: 150, default: 18 },
        count: { type: 'integer', minimum: -2147483648, maximum: 2147483647 },
        sure: { type: 'boolean' },
        colour: { type: 'string', enum: ['red', 'green'] },
        sizes: { type: 'array', items: { type: 'string', enum: ['s', 'm'] }, minItems: 1, maxItems: 2 },
      },
      required: ['name', 'mail', 'code', 'sure', 'colour', 'sizes'],
    });
    expect(formOf(z.strictObject({}))).toEqual({ type: 'object', properties: {} });
  });

  it('says what schema libraries say in other words', () => {
    const status = z.enum(['todo', 'done']).meta({ id: 'FormStatus', title: 'Status' });
    const schema = z.object({
      one: status,
      other: status.optional().meta({ description: 'Another' }),
      only: z.literal('only'),
      several: z.literal(['a', 'b']),
      seven: z.literal(7),
      level: z.union([z.literal('low').meta({ title: 'Low' }), z.literal('high')]),
      plain: z.union([z.literal('x'), z.enum(['y', 'z'])]),
      tags: z.array(z.union([z.literal('p').meta({ title: 'P' }), z.literal('q').meta({ title: 'Q' })])),
      shared: z.array(status).max(2),
      lone: z.array(z.literal('lone')),
      some: z
        .int()
        .positive()
        .max(9)
        .meta({ examples: [1], deprecated: true }),
    });
    const todo = { type: 'string', title: 'Status', enum: ['todo', 'done'] };
    expect(formOf(schema)).toEqual({
      type: 'object',
      properties: {
        one: todo,
        other: { ...todo, description: 'Another' },
        only: { type: 'string', enum: ['only'] },
        several: { type: 'string', enum: ['a', 'b'] },
        seven: { type: 'number', minimum: 7, maximum: 7 },
        level: {
          type: 'string',
          oneOf: [
            { const: 'low', title: 'Low' },
            { const: 'high', title: 'high' },
          ],
        },
        plain: { type: 'string', enum: ['x', 'y', 'z'] },
        tags: {
          type: 'array',
          items: {
            anyOf: [
              { const: 'p', title: 'P' },
              { const: 'q', title: 'Q' },
            ],
          },
        },
        shared: { type: 'array', maxItems: 2, items: { type: 'string', enum: ['todo', 'done'] } },
        lone: { type: 'array', items: { type: 'string', enum: ['lone'] } },
        some: { type: 'integer', minimum: 1, maximum: 9 },
      },
      required: ['one', 'only', 'several', 'seven', 'level', 'plain', 'tags', 'shared', 'lone', 'some'],
    });
  });

  it('takes a field that may be null for one that may be left out, and fills the null in', () => {
    const schema = z.object({
      name: z.string().min(2).nullable(),
      age: z.int().nullable().default(null),
      role: z.enum(['a', 'b']).nullable(),
      note: z.string().nullish(),
      sure: z.boolean(),
    });
    expect(formOf(schema)).toMatchObject({
      properties: {
        name: { type: 'string', minLength: 2 },
        role: { type: 'string', enum: ['a', 'b'] },
        note: { type: 'string' },
      },
      required: ['sure'],
    });
    const content = askedContent(schema, { sure: true, role: 'a' });
    expect(content).toEqual({ sure: true, role: 'a', name: null });
    expect(schema.parse(content)).toEqual({ sure: true, role: 'a', name: null, age: null });
  });

  it.each([
    ['no object', z.string(), 'Question "q": the schema must describe an object'],
    ['a nested object', z.object({ a: z.object({}) }), 'Question "q": field "a" must be a string, number'],
    ['a list of anything', z.object({ a: z.array(z.string()) }), 'Question "q": field "a" must list its choices'],
    [
      'a choice of a text and a number',
      z.object({ a: z.union([z.literal('x'), z.literal(1)]) }),
      'Question "q": field "a" must be a string, number',
    ],
    ['true alone', z.object({ a: z.literal(true) }), 'Question "q": field "a" cannot be true alone'],
    [
      'a date',
      z.object({ a: z.object({ b: z.date() }) }),
      'Question "q": the schema "a.b" cannot be shown to clients: Date cannot be represented in JSON Schema; use z.iso.datetime()',
    ],
    ['itself', RECURSIVE, 'Question "q": field "again" must be a string'],
    [
      'an open bound',
      z.object({ a: z.number().positive() }),
      'Question "q": field "a" cannot have the constraint "exclusiveMinimum"',
    ],
    ['a format of another kind', z.object({ a: z.uuid() }), 'Question "q": field "a" can only have the format "email"'],
  ])('refuses %s, naming the field', (_what, schema, message) => {
    expect(() => formOf(schema as AuthorSchema)).toThrow(TypeError);
    expect(() => formOf(schema as AuthorSchema)).toThrow(message);
  });
});

describe('a response', () => {
  const schema = z.object({ name: z.string().max(5), age: z.number().optional() });
  const form = elicitRequest('q', { message: 'Q?', schema });
  const sampling = { method: 'sampling/createMessage', params: {} } as const;

  it.each([
    [form, { action: 'accept', content: { name: 'Ada' } }],
    [form, { action: 'accept', content: { name: 'Ada', extra: { deep: [1] } }, _meta: {} }],
    [form, { action: 'decline' }],
    [form, { action: 'cancel', content: { name: 1 } }],
    [sampling, { role: 'assistant', model: 'm', content: { type: 'text', text: 'a' } }],
    [sampling, { role: 'user', model: '', stopReason: 'x', content: [{ type: 'text', text: 'a' }] }],
  ])('fits: %j %j', (request, response) => {
    expect(checkResponse(request, response)).toBeUndefined();
  });

  it.each([
    [form, undefined, 'object'],
    [form, 'accept', 'object'],
    [form, [], 'object'],
    [form, {}, '`action`'],
    [form, { action: 'yes' }, '`action`'],
    [form, { action: 'accept' }, '`content` must be an object'],
    [form, { action: 'accept', content: [] }, '`content` must be an object'],
    [form, { action: 'accept', content: {} }, 'name'],
    [form, { action: 'accept', content: { name: 1 } }, 'name'],
    [form, { action: 'accept', content: { name: 'too long' } }, 'name'],
    [form, { action: 'accept', content: { name: 'Ada', age: 'old' } }, 'age'],
    [sampling, {}, '`role`'],
    [sampling, { role: 'assistant' }, '`model`'],
    [sampling, { role: 'assistant', model: 'm' }, '`content`'],
    [sampling, { role: 'assistant', model: 'm', content: 'text' }, '`content`'],
    [sampling, { role: 'assistant', model: 'm', content: [1] }, '`content`'],
  ])('does not fit: %j %j', (request, response, problem) => {
    expect(checkResponse(request, response)).toContain(problem);
  });

  it('is judged as the author schema judges it, whatever JSON it is', () => {
    const wide = z.object({
      text: z.string().min(1).max(3),
      number: z.number().min(-1).max(1),
      whole: z.int().optional(),
      flag: z.boolean().optional(),
      choice: z.enum(['a', 'b']).optional(),
    });
    const request = elicitRequest('q', { message: 'Q?', schema: wide });
    const near = fc.record(
      {
        text: fc.oneof(fc.string({ maxLength: 5 }), fc.jsonValue()),
        number: fc.oneof(fc.double({ min: -2, max: 2, noNaN: true }), fc.jsonValue()),
        whole: fc.oneof(fc.integer(), fc.jsonValue()),
        flag: fc.oneof(fc.boolean(), fc.jsonValue()),
        choice: fc.oneof(fc.constantFrom('a', 'b', 'c'), fc.jsonValue()),
        extra: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(near, (content) => {
        // As it arrives: JSON has no negative zero.
        const received = JSON.parse(JSON.stringify(content)) as Record<string, never>;
        const fits = checkResponse(request, { action: 'accept', content: received }) === undefined;
        expect(fits).toBe(wide.safeParse(received).success);
      }),
    );
  });

  it('of a strict schema may have extra properties, which the author does not see', () => {
    const strict = z.strictObject({ name: z.string() });
    const request = elicitRequest('q', { message: 'Q?', schema: strict });
    const content = { name: 'Ada', extra: 1 };
    expect(checkResponse(request, { action: 'accept', content })).toBeUndefined();
    expect(askedContent(strict, content)).toEqual({ name: 'Ada' });
    expect(askedContent(schema, content)).toEqual(content);
  });
});

describe('the declared questions of a tool', () => {
  it('are requests by key, checked when the tool is registered', () => {
    const tasks = createTasks();
    const ask = { name: { message: 'Name?', schema: z.object({ name: z.string() }) } };
    const tool = tasks.tool('greet', { ask }, (_args, task) => {
      // Typed by the question's schema.
      const name: string = task.answers.name.action === 'accept' ? task.answers.name.content.name : 'nobody';
      return { content: [{ type: 'text', text: name }] };
    });
    expect(askRequests(tool)).toEqual({ name: elicitRequest('name', ask.name) });
    const bad = { deep: { message: '?', schema: z.object({ a: z.object({}) }) } };
    expect(() => tasks.tool('bad', { ask: bad }, () => ({ content: [] }))).toThrow('Question "deep": field "a"');
  });
});
