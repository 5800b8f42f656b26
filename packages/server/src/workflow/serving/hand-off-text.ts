import type { WorkflowView } from '@mcp-tasks/workflow/serving';

/** Text about a workflow as it stands: the steps that remain for the client, or why none do. */
export function handOffText({ meta, head, handOff, waiting }: WorkflowView): string {
  if (handOff !== undefined) return handOff;
  switch (meta.status) {
    case 'completed':
      return 'The workflow is complete.';
    case 'failed':
    case 'cancelled':
      return `The workflow has ended: ${meta.status}.`;
    case 'working':
    case 'input_required':
      return [head.statusMessage ?? 'The workflow goes on by itself: nothing remains to be done for it now.', waiting]
        .filter((part) => part !== undefined)
        .join('\n\n');
  }
}
