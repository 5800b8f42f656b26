import type { TaskHead } from '@mcp-tasks/store';
import { isTerminalStatus, type WorkflowMeta } from '@mcp-tasks/wire';
import type { PromptMessage, WorkflowView } from '../api/workflow-engine.ts';
import { stepStates } from '../plan/completion.ts';
import type { WorkflowNow } from '../plan/resolve.ts';
import { conversation, say } from './conversation.ts';
import { type Continuing, handOffText, wayBack } from './hand-off-text.ts';
import { firstPause, remainingSteps } from './remaining.ts';

/** The state of a workflow task for `_meta`. */
export function metaOf({ taskId, status }: TaskHead, now: WorkflowNow): WorkflowMeta {
  const remaining = isTerminalStatus(status) ? [] : remainingSteps(now);
  const pause = firstPause(remaining);
  return { taskId, status, steps: stepStates(now.state.plan), ...(pause !== undefined && { pause }), remaining };
}

/** A workflow task as it stands. */
export function viewOf(head: TaskHead, now: WorkflowNow, how: Continuing): WorkflowView {
  const meta = metaOf(head, now);
  const handOff = meta.remaining.length === 0 ? undefined : handOffText(now, meta.remaining, how);
  const waiting = handOff === undefined && !isTerminalStatus(head.status) ? wayBack(how) : undefined;
  return {
    head,
    meta,
    description: now.definition.workflow.description,
    messages: [...conversation(now), ...lastWord(head, now, { handOff, waiting })],
    ...(handOff !== undefined && { handOff }),
    ...(waiting !== undefined && { waiting }),
  };
}

/** The last message: the hand-off, or why there is none. A completed workflow needs neither. */
function lastWord(
  { status, statusMessage }: TaskHead,
  now: WorkflowNow,
  { handOff, waiting }: { readonly handOff: string | undefined; readonly waiting: string | undefined },
): readonly PromptMessage[] {
  if (handOff !== undefined) return [say('assistant', handOff)];
  const { name } = now.definition.workflow;
  if (status === 'completed') return [];
  if (isTerminalStatus(status)) return [say('assistant', `Workflow '${name}' has ended: ${statusMessage ?? status}`)];
  const goesOn = `Workflow '${name}' goes on by itself; nothing is to be done for it now.`;
  return [say('assistant', waiting === undefined ? goesOn : `${goesOn} ${waiting}`)];
}
