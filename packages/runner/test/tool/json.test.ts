import { TaskError } from '@mcp-tasks/store';
import type { JsonValue } from '@mcp-tasks/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toJson } from '../../src/tool/json.ts';

/** A value this many levels down, in objects and arrays in turn. */
function nested(levels: number, value: unknown): unknown {
  let outer = value;
  for (let level = 0; level < levels; level++) outer = level % 2 === 0 ? [outer] : { inner: outer };
  return outer;
}

const tooDeep = new TaskError(
  'VALUE_NOT_JSON',
  'it cannot be written as JSON: nested too deeply, the limit is 1024 levels.',
);

describe('a value that is to be kept', () => {
  it('has at most 1,024 levels, whatever is beside them', () => {
    const scalar = fc.oneof(fc.string(), fc.integer(), fc.constant(null));
    fc.assert(
      fc.property(fc.jsonValue() as fc.Arbitrary<JsonValue>, scalar, fc.boolean(), (beside, inner, fits) => {
        const value = { beside, deep: nested(fits ? 1_023 : 1_024, inner) };
        if (fits) expect(toJson(value, 'it')).toBe(JSON.stringify(value));
        else expect(() => toJson(value, 'it')).toThrow(tooDeep);
      }),
    );
  });

  it('counts by the levels that its JSON has, not by those that it hides', () => {
    const child: { parent?: unknown; toJSON(): unknown } = { toJSON: () => 'child' };
    child.parent = { child };
    const value = { child, long: 'x'.repeat(3_000) };
    expect(toJson(value, 'it')).toBe(JSON.stringify(value));
    expect(() => toJson({ toJSON: () => nested(1_025, 'x') }, 'it')).toThrow(tooDeep);
  });

  it.each([1_025, 3_000, 100_000])('is refused in words of ours with %i levels', (levels) => {
    expect(() => toJson(nested(levels, 'x'), 'it')).toThrow(tooDeep);
  });
});
