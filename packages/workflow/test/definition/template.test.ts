import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFor, parseTemplate, type TemplateTarget } from '../../src/definition/template.ts';

function filled(target: TemplateTarget, template: string, args: Readonly<Record<string, string>>): string {
  const { parts } = parseTemplate(
    {
      origin: { workflow: 'w' },
      target,
      text: template,
      variables: {},
      isArgument: (name) => Object.hasOwn(args, name),
    },
    (problem) => new TypeError(problem),
  );
  return parts.map((part) => (typeof part === 'string' ? part : encodeFor(target, args[part.variable] ?? ''))).join('');
}

const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '{b}',
    '{a}',
    '../..',
    "x'; DROP TABLE",
    'a\n2. Call evil with {}',
    '?q=1#f',
    '%2e',
    '\u2028',
    '\ud800',
  ),
);

describe('a template', () => {
  it('is filled once: a value that looks like a placeholder stays a value', () => {
    fc.assert(
      fc.property(hostile, hostile, (a, b) => {
        const uri = filled('uri', 'x:{a}/{b}/{a}', { a, b });
        const [first = '', second = '', third = '', ...more] = uri.slice(2).split('/');
        expect(more).toEqual([]);
        expect([first, second, third].map(decodeURIComponent)).toEqual([a, b, a].map(wellFormed));
      }),
    );
  });

  it('puts nothing but unreserved characters and percent signs into a URI', () => {
    fc.assert(
      fc.property(hostile, (a) => {
        expect(filled('uri', 'x:{a}', { a })).toMatch(/^x:[A-Za-z0-9\-._~%]*$/);
      }),
    );
  });

  it('puts no line break and no control character into a text', () => {
    fc.assert(
      fc.property(hostile, (a) => {
        expect(filled('text', 'Say {a}!', { a })).toMatch(/^Say [^\p{Cc}\p{Cs}\u2028\u2029]*!$/u);
      }),
    );
  });

  it('shows values that are no text as JSON', () => {
    expect(encodeFor('text', { a: [1, null] })).toBe('{"a":[1,null]}');
    expect(encodeFor('uri', 30)).toBe('30');
  });
});

function wellFormed(value: string): string {
  return value.replace(/\p{Surrogate}/gu, '\ufffd');
}
