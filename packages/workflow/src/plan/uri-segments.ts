import type { ValueSource } from '../definition/source.ts';
import { encodeFor, type Template } from '../definition/template.ts';
import { resolveSource, type WorkflowNow } from './resolve.ts';

const SCHEME = /^[A-Za-z][\w+.-]*:/;

/** A segment of a URI that its values make mean something else than a name. */
export interface StrayedSegment {
  /** The first of its values. */
  readonly source: ValueSource;
  /** All of the segment, with its values. */
  readonly filled: string;
}

/**
 * Find the first segment of the path of a URI that its values fill with `.`, `..` or nothing: such a segment names
 * another directory, or none. What stands before the path, such as a host, is looked at as if it were a segment.
 *
 * @see RFC 3986, section 5.2.4, "Remove Dot Segments"
 */
export function strayedSegment(now: WorkflowNow, { target, parts }: Template): StrayedSegment | undefined {
  if (target !== 'uri') return undefined;
  let filled = '';
  let source: ValueSource | undefined;
  const strayed = (): StrayedSegment | undefined =>
    source !== undefined && isStray(filled) ? { source, filled } : undefined;
  for (const [index, part] of parts.entries()) {
    if (typeof part !== 'string') {
      const resolved = resolveSource(now, part.source);
      filled += resolved.kind === 'value' ? encodeFor('uri', resolved.value) : '';
      source ??= part.source;
      continue;
    }
    // A URI begins with its scheme, and that with no value.
    const text = index === 0 ? part.replace(SCHEME, '') : part;
    const [path = '', ...query] = text.split(/[?#]/);
    const [rest = '', ...segments] = path.split('/');
    filled += rest;
    for (const segment of segments) {
      const found = strayed();
      if (found !== undefined) return found;
      filled = segment;
      source = undefined;
    }
    if (query.length > 0) return strayed();
  }
  return strayed();
}

/** An encoded dot is a dot to who resolves the URI. */
function isStray(segment: string): boolean {
  return ['', '.', '..'].includes(segment.replace(/%2e/gi, '.'));
}
