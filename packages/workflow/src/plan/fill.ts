import { describeSource } from '../definition/source.ts';
import { encodeFor, type Template } from '../definition/template.ts';
import { resolveSource, type WorkflowNow } from './resolve.ts';

/** A template with its values, each put in once and encoded for its target; what is not known yet is a placeholder. */
export function fill(now: WorkflowNow, { target, parts }: Template): string {
  return parts
    .map((part) => {
      if (typeof part === 'string') return part;
      const resolved = resolveSource(now, part.source);
      if (resolved.kind === 'value') return encodeFor(target, resolved.value, part.source.from);
      return resolved.kind === 'absent' ? '' : `<${describeSource(part.source)}>`;
    })
    .join('');
}
