import type { TaskEntryKind } from '@mcp-tasks/store';

/** The kinds of entries that a view of a workflow task is made of. */
export const WORKFLOW_ENTRY_KINDS: readonly TaskEntryKind[] = ['call', 'variable', 'question', 'answer', 'outcome'];

/**
 * Warning to a client whose call names a task that cannot be continued: one text for unknown, foreign, ended and
 * expired tasks.
 */
export const CONTINUATION_WARNING =
  'The call was made, and nothing was recorded: its taskId names no workflow task of yours that is still going on.';
