import type { TaskHead } from '@mcp-tasks/store';
import { pauseSentence } from './pause-sentence.ts';
import { isOver, type Plan } from './plan.ts';
import type { WorkflowNow } from './resolve.ts';
import { standings, type StepView } from './standing.ts';

/** Status message of a task that waits: one line that names what it waits for. */
export function waitingMessage(now: WorkflowNow): string {
  const pauses = standings(now).flatMap(({ standing }) =>
    standing.kind === 'blocked' ? [pauseSentence(standing.pause)] : [],
  );
  const [first = 'A step waits.', ...others] = pauses;
  return others.length === 0 ? first : `${first} (${others.length} more)`;
}

/** That a step is running, in one line. */
export function runningMessage(now: WorkflowNow, step: string): string {
  const { steps } = now.state.plan;
  const number = steps.findIndex(({ name }) => name === step) + 1;
  return `Step '${step}' is running (${number} of ${steps.length}).`;
}

/** How many steps are over, of how many. */
export function progressOf({ state }: WorkflowNow): { readonly done: number; readonly total: number } {
  return { done: state.plan.steps.filter(isOver).length, total: state.plan.steps.length };
}

/** Whether the server can go on with something, or is at it. */
export function isMoving(views: readonly StepView[]): boolean {
  return views.some(({ standing }) => standing.kind === 'ready' || standing.kind === 'running');
}

/** Open questions whose step is over or failed: an answer would change nothing. */
export function uselessQuestions({ openQuestions }: TaskHead, { steps }: Plan): readonly string[] {
  return openQuestions.filter((key) => {
    const [owner] = key.split('/');
    const step = steps.find(({ name }) => name === owner);
    return step === undefined || (step.status !== 'pending' && step.status !== 'running');
  });
}
