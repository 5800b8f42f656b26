import {
  CallToolParams2025Schema,
  CallToolResult2025Schema,
  ContentBlockSchema,
  CreateMessageParamsSchema,
  CreateTaskResult2025Schema,
  DetailedTask2026Schema,
  ElicitFormParamsSchema,
  ElicitResultSchema,
  InputResponses2026Schema,
  Task2025Schema,
  UpdateTaskParams2026Schema,
  WireParseError,
  type WireSchema,
} from '@mcp-tasks/wire';
import { ImageContentSchema } from '@modelcontextprotocol/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { field } from '../src/schema/schema.ts';

const task = { taskId: 't', status: 'working', createdAt: 'a', lastUpdatedAt: 'b', ttl: null };

function firstPath(schema: WireSchema<unknown>, value: unknown): string | undefined {
  const result = schema.safeParse(value);
  return result.ok ? undefined : result.issues[0].path;
}

function caught(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('what is wrong with a message', () => {
  const cases: readonly [string, WireSchema<unknown>, unknown][] = [
    ['ttl', Task2025Schema, { ...task, ttl: '60000' }],
    ['task.status', CreateTaskResult2025Schema, { task: { ...task, status: 'done' } }],
    ['task.ttl', CallToolParams2025Schema, { name: 'n', task: { ttl: '1' } }],
    ['arguments', CallToolParams2025Schema, { name: 'n', arguments: [] }],
    ['content[1].text', CallToolResult2025Schema, { content: [{ type: 'text', text: 'a' }, { type: 'text' }] }],
    ['content[0].type', CallToolResult2025Schema, { content: [{ type: 'video' }] }],
    ['messages[0].role', CreateMessageParamsSchema, { maxTokens: 1, messages: [{ role: 'x', content: [] }] }],
    ['error.code', DetailedTask2026Schema, { ...task, ttlMs: 1, status: 'failed', error: { message: 'm' } }],
    [
      'inputResponses.name.action',
      UpdateTaskParams2026Schema,
      { taskId: 't', inputResponses: { name: { action: 1 } } },
    ],
    [
      'requestedSchema.properties.size.title',
      ElicitFormParamsSchema,
      { message: 'm', requestedSchema: { type: 'object', properties: { size: { type: 'string', title: 1 } } } },
    ],
  ];

  it.each(cases)('[TYPE-01] [TYPE-11] names the field: "%s"', (path, schema, value) => {
    expect(firstPath(schema, value)).toBe(path);
    expect(() => schema.parse(value)).toThrow(path);
  });

  it('has no path when the value itself is wrong', () => {
    expect(firstPath(Task2025Schema, 'a task')).toBe('');
    expect(() => Task2025Schema.parse('a task')).toThrow(/^Invalid input: expected object/);
  });

  it('[TYPE-02] is a typed error that other copies of the package recognise', () => {
    const error = caught(() => Task2025Schema.parse({ ...task, status: 'done' }));
    expect(error).toBeInstanceOf(WireParseError);
    expect(WireParseError.is(error)).toBe(true);
    expect(WireParseError.is({ [Symbol.for('io.github.mcp-tasks/wire-parse-error')]: true })).toBe(true);
    expect([null, undefined, 'text', new Error('no'), {}].some((value) => WireParseError.is(value))).toBe(false);
    expect(error).toMatchObject({ name: 'WireParseError', issues: [{ path: 'status' }] });
  });

  it('lists every wrong field, up to 20', () => {
    const result = Task2025Schema.safeParse({ ...task, taskId: 1, ttl: undefined });
    expect(result.ok ? [] : result.issues.map(({ path }) => path)).toEqual(['taskId', 'ttl']);
    const many = CallToolResult2025Schema.safeParse({ content: Array.from({ length: 10_000 }, () => 1) });
    expect(many.ok ? [] : many.issues).toHaveLength(20);
  });

  it('never repeats the value, and cuts a long path', () => {
    const secret = 'swordfish';
    const key = 'k'.repeat(1_000_000);
    const result = InputResponses2026Schema.safeParse({ [key]: { action: secret } });
    const text = JSON.stringify(result);
    expect(result.ok).toBe(false);
    expect(text).not.toContain(secret);
    expect(text.length).toBeLessThan(1000);
  });
});

// Generous: the work is fixed, the machine may be busy.
describe('hostile JSON', { timeout: 60_000 }, () => {
  it('of any depth costs no stack where the specification leaves the content open', () => {
    const depth = 100_000;
    const deep: unknown = JSON.parse('['.repeat(depth) + ']'.repeat(depth));
    expect(CallToolParams2025Schema.safeParse({ name: 'n', arguments: { deep } }).ok).toBe(true);
    expect(CallToolResult2025Schema.safeParse({ content: [], structuredContent: { deep } }).ok).toBe(true);
    expect(UpdateTaskParams2026Schema.safeParse({ taskId: deep, inputResponses: deep }).ok).toBe(false);
    expect(ElicitResultSchema.safeParse({ action: 'accept', content: { deep } }).ok).toBe(false);
  });

  it('of any size is read as base64 without a stack', () => {
    const megabytes = 'A'.repeat(8 * 2 ** 20);
    const image = (data: string) =>
      CallToolResult2025Schema.safeParse({ content: [{ type: 'image', mimeType: 'm', data }] });
    expect(image(megabytes).ok).toBe(true);
    expect(image(`${megabytes}!`).ok).toBe(false);
    expect(image(`${megabytes}A`).ok).toBe(false);
  });

  it('is base64 exactly where the official package says so', () => {
    const digit = fc.constantFrom('A', 'z', '0', '+', '/', '=', ' ', '-', 'ä', '\n');
    fc.assert(
      fc.property(fc.string({ unit: digit, maxLength: 9 }), (data) => {
        const image = { type: 'image', mimeType: 'm', data };
        expect(ContentBlockSchema.safeParse(image).ok).toBe(ImageContentSchema.safeParse(image).success);
      }),
      { numRuns: 2000 },
    );
  });

  it('cannot reach a prototype', () => {
    const answers: unknown = JSON.parse('{"__proto__": {"action": "accept"}, "name": {"action": "decline"}}');
    const parsed = InputResponses2026Schema.parse(answers);
    expect(Object.keys(parsed)).toEqual(['name']);
    expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)['action']).toBeUndefined();
  });

  it('keeps numbers that JSON cannot count exactly out of integers', () => {
    const wrong = [1.5, 2 ** 53, 1e300, Number.NaN, Infinity, '1', [1], {}];
    expect(wrong.filter((ttl) => Task2025Schema.safeParse({ ...task, ttl }).ok)).toEqual([]);
  });
});

describe('a schema', () => {
  it('leaves the value as it was, and passes unknown keys through', () => {
    const value = Object.freeze({ ...task, 'example.com/more': { a: 1 } });
    const parsed = Task2025Schema.parse(value);
    expect(parsed).toEqual(value);
    expect(parsed).not.toBe(value);
  });

  it('of another maker cannot be a field of ours', () => {
    const foreign: WireSchema<string> = { parse: String, safeParse: (value) => ({ ok: true, value: String(value) }) };
    expect(() => field(foreign)).toThrow(TypeError);
  });

  it('reads `null`, which some clients send for an absent content, as absent', () => {
    expect(ElicitResultSchema.parse({ action: 'cancel', content: null }).content).toBeUndefined();
    expect(JSON.stringify(ElicitResultSchema.parse({ action: 'cancel', content: null }))).toBe('{"action":"cancel"}');
  });
});
