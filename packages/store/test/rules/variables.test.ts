import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS, type TaskEntry } from '../../src/index.ts';
import { mergeVariables, readVariables, type Variables } from '../../src/rules.ts';
import { anyText } from '../any-text.ts';

const NONE = readVariables([]);
const bytesOf = (variables: Variables) =>
  readVariables([...variables.values].map(([name, value]) => ({ kind: 'variable', name, value }))).bytes;

/** Variables after a merge, as the task's next reader finds them. */
function merged(current: Variables, values: Readonly<Record<string, unknown>>, limits = DEFAULT_LIMITS): Variables {
  const change = mergeVariables(current, values, limits);
  const next = new Map(current.values);
  for (const { name } of change.delete) next.delete(name);
  for (const { name, value } of change.put) next.set(name, value);
  return { values: next, bytes: change.bytes };
}

const plain = (variables: Variables) =>
  Object.fromEntries([...variables.values].map(([name, json]) => [name, JSON.parse(json) as unknown]));

function nested(levels: number, value: unknown = 1): unknown {
  let tree = value;
  for (let level = 0; level < levels; level += 1) tree = level % 2 === 0 ? [tree] : { in: tree };
  return tree;
}

describe('merging variables', () => {
  const objects = fc.dictionary(anyText(), fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constant(null)), {
    noNullPrototype: true,
  });

  it('[HNDL-03] [TEST-07] adds new names, replaces others, deletes on null, and knows the size of the whole', () => {
    fc.assert(
      fc.property(fc.array(objects, { maxLength: 5 }), (merges) => {
        let variables = NONE;
        const model = new Map<string, unknown>();
        for (const values of merges) {
          variables = merged(variables, values);
          for (const [name, value] of Object.entries(values)) {
            if (value === null) model.delete(name);
            else model.set(name, JSON.parse(JSON.stringify(value)) as unknown);
          }
        }
        expect(new Map([...variables.values].map(([name, json]) => [name, JSON.parse(json) as unknown]))).toEqual(
          model,
        );
        expect(variables.bytes).toBe(bytesOf(variables));
        expect(variables.bytes).toBe(
          Buffer.byteLength(
            `{${[...variables.values].map(([name, json]) => `${JSON.stringify(name)}:${json}`).join()}}`,
          ),
        );
      }),
    );
  });

  it('[HNDL-03] writes only what changes, and nothing to delete what is not there', () => {
    const current = merged(NONE, { a: 1, b: 2, c: 3 });
    expect(mergeVariables(current, { a: null, b: 4, d: 5, e: null }, DEFAULT_LIMITS)).toEqual({
      put: [
        { kind: 'variable', name: 'b', value: '4' },
        { kind: 'variable', name: 'd', value: '5' },
      ],
      delete: [{ kind: 'variable', name: 'a' }],
      bytes: '{"b":4,"c":3,"d":5}'.length,
    });
    expect(plain(current)).toEqual({ a: 1, b: 2, c: 3 });
  });

  it('[HNDL-03] takes names that objects have by themselves', () => {
    const values = JSON.parse('{"__proto__": 1, "constructor": 2}') as Record<string, unknown>;
    expect([...merged(NONE, values).values]).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
    ]);
    expect(mergeVariables(NONE, { toString: null }, DEFAULT_LIMITS).delete).toEqual([]);
  });

  it('[HNDL-02] keeps published values under a kind of their own', () => {
    const change = mergeVariables(NONE, { part: 'part-1' }, DEFAULT_LIMITS, 'published');
    expect(change.put).toEqual([{ kind: 'published', name: 'part', value: '"part-1"' }]);
    const entries: TaskEntry[] = [...change.put, { kind: 'variable', name: 'secret', value: '1' }];
    expect([...readVariables(entries, 'published').values.keys()]).toEqual(['part']);
    expect([...readVariables(entries).values.keys()]).toEqual(['secret']);
  });

  it('[HNDL-04] keeps values as JSON does: dates as text, undefined properties as absent', () => {
    const variables = merged(NONE, { at: new Date(0), shape: { a: undefined, b: [null, true] } });
    expect(plain(variables)).toEqual({ at: '1970-01-01T00:00:00.000Z', shape: { b: [null, true] } });
  });
});

describe('limits of variables', () => {
  const fault = (code: string, details: Record<string, unknown>) => expect.objectContaining({ code, details }) as Error;
  const merge =
    (values: Record<string, unknown>, current = NONE) =>
    () =>
      mergeVariables(current, values, DEFAULT_LIMITS);

  it('[STOR-03] lets ten levels around a value pass and refuses eleven', () => {
    expect(merged(NONE, { deep: nested(10) }).values.get('deep')).toBe(JSON.stringify(nested(10)));
    expect(merge({ fine: 1, deep: nested(11) })).toThrow(
      fault('VARIABLE_TOO_DEEP', { variable: 'deep', limitLevels: 10 }),
    );
    expect(merge({ deep: nested(11) })).toThrow('Variable "deep" nests deeper than 10 levels.');
  });

  it('[STOR-03] refuses a value a million levels deep, and one that holds itself, without running out of stack', () => {
    const endless: unknown[] = [];
    endless.push(endless);
    for (const value of [nested(1_000), nested(1_000_000), endless]) {
      expect(merge({ deep: value })).toThrow(fault('VARIABLE_TOO_DEEP', { variable: 'deep', limitLevels: 10 }));
    }
  });

  it('[STOR-03] measures strings in bytes of UTF-8, also keys and names', () => {
    const maxBytes = 64 * 1024;
    expect(merged(NONE, { text: 'x'.repeat(maxBytes), [`n${'x'.repeat(maxBytes - 1)}`]: 1 }).values.size).toBe(2);
    const tooLong = 'é'.repeat(maxBytes / 2) + 'x';
    const details = { actualBytes: maxBytes + 1, limitBytes: maxBytes };
    expect(merge({ text: tooLong })).toThrow(fault('VARIABLE_STRING_TOO_LONG', { variable: 'text', ...details }));
    expect(merge({ text: [{ [tooLong]: 1 }] })).toThrow(
      fault('VARIABLE_STRING_TOO_LONG', { variable: 'text', ...details }),
    );
    expect(merge({ [tooLong]: 1 })).toThrow(
      fault('VARIABLE_STRING_TOO_LONG', { variable: 'é'.repeat(128), ...details }),
    );
  });

  it('[STOR-03] counts all variables together, to the byte, as one JSON object', () => {
    const bytes = Buffer.byteLength('{"a":1,"b":"é"}');
    expect(merged(NONE, { a: 1, b: 'é' }, { ...DEFAULT_LIMITS, maxVariablesBytes: bytes }).bytes).toBe(bytes);
    expect(() => merged(NONE, { a: 1, b: 'é' }, { ...DEFAULT_LIMITS, maxVariablesBytes: bytes - 1 })).toThrow(
      fault('VARIABLE_TOO_LARGE', { variable: 'b', actualBytes: bytes, limitBytes: bytes - 1 }),
    );
  });

  it('[STOR-03] refuses what does not fit any more, and names the largest newcomer', () => {
    const limits = { ...DEFAULT_LIMITS, maxVariablesBytes: 20 };
    const current = merged(NONE, { a: 'xx', b: 'yy' }, limits);
    expect(current.bytes).toBe(19);
    expect(merged(current, { a: 'xxx' }, limits).bytes).toBe(20);
    expect(() => mergeVariables(current, { c: 1, a: 'xxxxx' }, limits)).toThrow(
      fault('VARIABLE_TOO_LARGE', { variable: 'a', actualBytes: 28, limitBytes: 20 }),
    );
    expect(merged(current, { a: null, c: 'zz' }, limits).bytes).toBe(19);
  });

  it('[STOR-03] lets deletes through when the variables are above a limit that was lowered', () => {
    const current = merged(NONE, { a: 'x'.repeat(50), b: 'y'.repeat(50) });
    expect(mergeVariables(current, { a: null }, { ...DEFAULT_LIMITS, maxVariablesBytes: 10 }).delete).toHaveLength(1);
  });

  it('[STOR-03] refuses values that would grow without end on the way to JSON', () => {
    const shared: unknown[][] = [Array.from({ length: 100 }, () => 'x'.repeat(1_000))];
    for (let level = 0; level < 8; level += 1) shared.push(Array.from({ length: 100 }, () => shared[level]));
    for (const value of [shared.at(-1), new Array(500_000_000)]) {
      expect(merge({ wide: value })).toThrow(fault('VARIABLE_TOO_LARGE', { variable: 'wide', limitBytes: 1_048_576 }));
    }
  });

  it.each([
    ['undefined', undefined],
    ['a function', () => 1],
    ['NaN', NaN],
    ['infinity', [-Infinity]],
    ['a bigint', { n: 1n }],
    ['a hole', [1, , 2]], // eslint-disable-line no-sparse-arrays -- the hole is the case
    ['a symbol', [Symbol('s')]],
  ])('[STOR-03] refuses %s, which JSON cannot keep', (_, value) => {
    expect(merge({ odd: value })).toThrow(fault('VARIABLE_INVALID', { variable: 'odd' }));
  });

  it('[STOR-03] refuses a name that is not well-formed, and keeps all or nothing', () => {
    expect(merge({ 'a\ud800': 1 })).toThrow(fault('VARIABLE_INVALID', { variable: 'a\ud800' }));
    expect(merge({ good: 1, bad: NaN })).toThrow(fault('VARIABLE_INVALID', { variable: 'bad' }));
  });
});
