import type { JsonValue } from '@mcp-tasks/wire';
import { bindValue } from './binding.ts';
import { type Origin, referenceOf } from './reference.ts';
import { escapeControls, MAX_SHOWN_BYTES, quotedUnlessName, shorten, wellFormed } from './shown-text.ts';
import type { ValueSource } from './source.ts';

/** The kind of a template: a text for people and models, or a URI. */
export type TemplateTarget = 'text' | 'uri';

/** A template taken apart: texts, and the sources between them. */
export interface Template {
  readonly target: TemplateTarget;
  readonly parts: readonly (string | { readonly variable: string; readonly source: ValueSource })[];
}

const PLACEHOLDER = /\{([^{}\s]+)\}/g;

/**
 * Take a template apart. `{name}` is an entry of `variables`, else the prompt argument of that name.
 *
 * @param isArgument - whether the workflow has a prompt argument of this name.
 */
export function parseTemplate(
  options: {
    readonly origin: Origin;
    readonly target: TemplateTarget;
    readonly text: unknown;
    readonly variables: Readonly<Record<string, unknown>>;
    readonly isArgument: (name: string) => boolean;
  },
  fail: (problem: string) => TypeError,
): Template {
  const { origin, target, text, variables, isArgument } = options;
  if (typeof text !== 'string' || text === '') throw fail('must be a text that is not empty');
  const parts: Template['parts'][number][] = [];
  const used = new Set<string>();
  let end = 0;
  for (const match of text.matchAll(PLACEHOLDER)) {
    const [placeholder, variable = ''] = match;
    if (match.index > end) parts.push(text.slice(end, match.index));
    end = match.index + placeholder.length;
    used.add(variable);
    parts.push({ variable, source: sourceOf(variable) });
  }
  if (end < text.length) parts.push(text.slice(end));
  const unused = Object.keys(variables).find((name) => !used.has(name));
  if (unused !== undefined) throw fail(`has no {${unused}}, which \`variables\` names`);
  return { target, parts };

  function sourceOf(name: string): ValueSource {
    if (!Object.hasOwn(variables, name)) {
      if (isArgument(name)) return { from: 'argument', name, path: [] };
      throw fail(`has {${name}}, which is neither a prompt argument nor an entry of \`variables\``);
    }
    const value = variables[name];
    if (referenceOf(value) === undefined) throw fail(`has {${name}}, whose entry in \`variables\` is no reference`);
    const binding = bindValue(origin, value, (problem) => fail(`has {${name}}, which ${problem}`));
    if (binding.kind !== 'source') throw fail(`has {${name}}, whose entry in \`variables\` is no reference`);
    return binding.source;
  }
}

/**
 * A value as it is filled in: encoded for the target, so that it can neither end a line nor change a URI's structure;
 * in a text it is cut. What a tool gave is data, and in a text it is quoted; a prompt argument is the words of the
 * person who asked.
 */
export function encodeFor(target: TemplateTarget, value: JsonValue, from: ValueSource['from'] = 'argument'): string {
  if (target === 'text' && from !== 'argument' && typeof value === 'string') return quotedUnlessName(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return target === 'uri' ? encodeUri(text) : escapeControls(shorten(text, MAX_SHOWN_BYTES));
}

/** All but the unreserved characters. @see RFC 3986, section 2.3 */
function encodeUri(text: string): string {
  const encoded = encodeURIComponent(wellFormed(text));
  return encoded.replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
