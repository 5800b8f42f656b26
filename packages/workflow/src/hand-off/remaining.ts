import type { WorkflowPause, WorkflowRemainingStep } from '@mcp-tasks/wire';
import type { Context } from '../plan/resolve.ts';
import { resolveArguments } from '../plan/resolve.ts';
import type { StepView } from '../plan/standing.ts';
import { standings } from '../plan/standing.ts';
import { fill } from '../plan/fill.ts';

/** What the client has to do, or may mend, in the order of the plan: one structure for the text and for `_meta`. */
export function remainingSteps(context: Context): WorkflowRemainingStep[] {
  return standings(context)
    .filter((view) => isForClient(context, view))
    .map(({ step, standing }) => {
      const { shown, unresolved } = resolveArguments(context, step);
      const advice = step.guidance ?? step.question?.message;
      return {
        step: step.name,
        ...(step.toolName !== undefined && { tool: step.toolName }),
        arguments: shown,
        ...(advice !== undefined && { guidance: fill(context, advice) }),
        ...(unresolved.size > 0 && { unresolved: [...unresolved.keys()] }),
        ...(standing.kind === 'blocked' && { pause: standing.pause }),
      };
    });
}

/** Blocked steps, and those of the client that are not done. Steps of the server that merely wait are not. */
function isForClient({ state }: Context, { step, standing }: StepView): boolean {
  if (standing.kind === 'blocked') return true;
  if (!step.client || state.isAnswered(step.name)) return false;
  return standing.kind === 'waiting' || standing.kind === 'ready';
}

/** The first reason why a workflow does not go on by itself. */
export function firstPause(remaining: readonly WorkflowRemainingStep[]): WorkflowPause | undefined {
  return remaining.find(({ pause }) => pause !== undefined)?.pause;
}
