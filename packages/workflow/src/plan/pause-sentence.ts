import type { WorkflowPause } from '@mcp-tasks/wire';
import { quoted } from '../definition/shown-text.ts';

/** A pause in one sentence. */
export function pauseSentence(pause: WorkflowPause): string {
  switch (pause.type) {
    case 'clientStep':
      return `Step '${pause.blockedStep}' is for the client to do.`;
    case 'unresolvableParams':
      return `Step '${pause.blockedStep}' cannot run: its argument '${pause.missingParam}' should come from ${pause.source}, but ${pause.cause}.`;
    case 'schemaMismatch':
      return `Step '${pause.blockedStep}' cannot run: ${mismatchWords(pause)}.`;
    case 'toolError': {
      const advice = pause.retryable ? 'It may be called again.' : 'Calling it again in the same way will not help.';
      return `Step '${pause.failedStep}' failed: ${quoted(pause.error)}. ${advice}`;
    }
    case 'unresolvedDependency':
      return `Step '${pause.blockedStep}' cannot run: it needs the ${pause.missingOutput}, and step '${pause.producingStep}' did not complete.`;
  }
}

function mismatchWords({ missingFields, illTypedFields }: WorkflowPause & { readonly type: 'schemaMismatch' }): string {
  const missing = missingFields.length === 0 ? [] : [`these arguments are missing: ${missingFields.join(', ')}`];
  const illTyped = illTypedFields.map(({ field, problem }) => `${field === '' ? 'the arguments' : field}: ${problem}`);
  return [...missing, ...illTyped].join('; ');
}
