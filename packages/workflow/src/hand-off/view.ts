import type { TaskHead } from '@mcp-tasks/store';
import { isTerminalStatus, type WorkflowMeta } from '@mcp-tasks/wire';
import type { PromptMessage, WorkflowView } from '../api/workflow-engine.ts';
import { stepStates } from '../plan/completion.ts';
import type { Context } from '../plan/resolve.ts';
import { standings } from '../plan/standing.ts';
import { conversation, say } from './conversation.ts';
import { type Continuing, handOffText } from './hand-off-text.ts';
import { firstPause, remainingSteps } from './remaining.ts';

/** The state of a workflow task for `_meta`. */
export function metaOf({ taskId, status }: TaskHead, context: Context): WorkflowMeta {
  const remaining = isTerminalStatus(status) ? [] : remainingSteps(context);
  const pause = firstPause(remaining);
  return { taskId, status, steps: stepStates(context.state.plan), ...(pause !== undefined && { pause }), remaining };
}

/** A workflow task as it stands. */
export function viewOf(head: TaskHead, context: Context, how: Continuing): WorkflowView {
  const meta = metaOf(head, context);
  const handOff = meta.remaining.length === 0 ? undefined : handOffText(context, meta.remaining, how);
  return {
    head,
    meta,
    description: context.definition.workflow.description,
    messages: [...conversation(context), ...lastWord(head, context, handOff)],
    ...(handOff !== undefined && { handOff }),
    isWaiting: isWaiting(head, context),
  };
}

/** What comes last: the hand-off, or why there is none. A completed workflow speaks for itself. */
function lastWord(
  { status, statusMessage }: TaskHead,
  context: Context,
  handOff: string | undefined,
): readonly PromptMessage[] {
  if (handOff !== undefined) return [say('assistant', handOff)];
  const { name } = context.definition.workflow;
  if (status === 'completed') return [];
  if (isTerminalStatus(status)) return [say('assistant', `Workflow '${name}' has ended: ${statusMessage ?? status}`)];
  return [say('assistant', `Workflow '${name}' goes on by itself; nothing is to be done for it now.`)];
}

/** Over, parked, or at a question: nothing changes without somebody. */
function isWaiting({ status, dueAtMs, openQuestions }: TaskHead, context: Context): boolean {
  if (isTerminalStatus(status) || dueAtMs === null) return true;
  if (openQuestions.length === 0) return false;
  return standings(context).every(({ step, standing }) => {
    if (standing.kind === 'ready') return false;
    return standing.kind !== 'running' || openQuestions.some((key) => key.startsWith(`${step.name}/`));
  });
}
