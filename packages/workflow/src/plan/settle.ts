import { TaskError } from '@mcp-tasks/store';
import type { WorkflowDefinition } from '../definition/definition.ts';
import { isOver, type Plan, type PlanStep } from './plan.ts';
import type { WorkflowNow } from './resolve.ts';
import { standingOf } from './standing.ts';
import { freshStep, planStep, withStep, type WorkflowState } from './state.ts';

/** Mark the steps whose condition does not hold as skipped. */
export function settle({ definition, state }: WorkflowNow): WorkflowState {
  let settled = state;
  // A condition looks at earlier steps only, so that one pass is enough.
  for (const step of definition.steps) {
    if (standingOf({ definition, state: settled }, step).kind !== 'skip') continue;
    const present = planStep(settled, step.name);
    if (present !== undefined) settled = withStep(settled, { ...present, status: 'skipped' });
  }
  return settled;
}

/** Tell whether nothing remains of a plan. */
export function isFinished({ plan }: WorkflowState): boolean {
  return plan.steps.every(isOver);
}

/**
 * A stored plan under the present definition: what was done is kept, all else is as the definition says.
 *
 * @returns `missing`: a step that was begun, and that the definition no longer has with this tool.
 */
export function rebase(
  definition: WorkflowDefinition,
  plan: Plan,
): { readonly plan: Plan; readonly missing?: undefined } | { readonly missing: PlanStep; readonly plan?: undefined } {
  if (plan.fingerprint === definition.fingerprint) return { plan };
  const begun = plan.steps.filter(({ status }) => status !== 'pending' && status !== 'skipped');
  const missing = begun.find(
    ({ name, tool }) => !definition.steps.some((step) => step.name === name && step.toolName === tool),
  );
  if (missing !== undefined) return { missing };
  const steps = definition.steps.map(
    (step) => begun.find(({ name }) => name === step.name) ?? freshStep(step.name, step.toolName),
  );
  return { plan: { ...plan, fingerprint: definition.fingerprint, steps } };
}

/** The definition no longer has a step that was begun. */
export function definitionChanged({ workflow }: Plan, { name, tool }: PlanStep): TaskError {
  const what = tool === undefined ? `step "${name}"` : `step "${name}" with tool "${tool}"`;
  return new TaskError(
    'WORKFLOW_INCOMPATIBLE',
    `Workflow "${workflow}" no longer has ${what}, which this task has begun: keep such steps while tasks of theirs live.`,
    { details: { workflow, step: name } },
  );
}
