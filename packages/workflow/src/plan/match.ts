import type { JsonObject } from '@mcp-tasks/wire';
import type { StepDefinition } from '../definition/definition.ts';
import { deepEqual } from './deep-equal.ts';
import type { Mismatch, PlanStep } from './plan.ts';
import { resolveArguments, type WorkflowNow } from './resolve.ts';
import { planStep } from './state.ts';

/** A call that a client made. */
export interface MatchedCall {
  readonly step?: string | undefined;
  readonly tool?: string | undefined;
  readonly arguments: JsonObject;
}

/** A step that can still come to something by a call: not running, not over. */
export interface OpenStep {
  readonly step: StepDefinition;
  readonly present: PlanStep;
}

/** Verdicts on complete arguments by the schemas of their tools, by step. */
export type CheckedArguments = ReadonlyMap<string, Mismatch | undefined>;

/**
 * The step as which a call is recorded: the one that it names, else the first pending or failed one of its tool whose
 * known arguments are those of the call.
 */
export function matchStep(now: WorkflowNow, call: MatchedCall, checked: CheckedArguments): OpenStep | undefined {
  const open = openSteps(now);
  if (call.step !== undefined) {
    const named = open.find(({ step }) => step.name === call.step);
    const toolName = named?.step.toolName;
    const isOtherTool = call.tool !== undefined && toolName !== undefined && call.tool !== toolName;
    return isOtherTool ? undefined : named;
  }
  if (call.tool === undefined) return undefined;
  return open.find(
    ({ step, present }) =>
      step.toolName === call.tool && fits(now, step, present.mismatch ?? checked.get(step.name), call.arguments),
  );
}

/** Steps that a call may be matched with, once it is known whether their arguments fit. */
export function uncheckedSteps(now: WorkflowNow, call: MatchedCall, checked: CheckedArguments): readonly CheckNeeded[] {
  if (call.step !== undefined || call.tool === undefined) return [];
  return openSteps(now).flatMap(({ step, present }) => {
    if (step.toolName !== call.tool || present.mismatch !== undefined) return [];
    const needed = checked.has(step.name) ? undefined : checkNeeded(now, step);
    return needed === undefined ? [] : [needed];
  });
}

/** A step whose arguments are complete. */
export interface CheckNeeded {
  readonly step: StepDefinition;
  readonly arguments: JsonObject;
}

/** The arguments of a step, to be checked, once they are complete; from then on they do not change. */
function checkNeeded(now: WorkflowNow, step: StepDefinition): CheckNeeded | undefined {
  if (step.tool === undefined) return undefined;
  const { known, unresolved } = resolveArguments(now, step);
  return unresolved.size === 0 ? { step, arguments: known } : undefined;
}

function openSteps({ definition, state }: WorkflowNow): readonly OpenStep[] {
  return definition.steps.flatMap((step) => {
    const present = planStep(state, step.name);
    return present?.status === 'pending' || present?.status === 'failed' ? [{ step, present }] : [];
  });
}

/** Known arguments have to be the call's. Others are refused only where everything is known, and fits the tool. */
function fits(now: WorkflowNow, step: StepDefinition, mismatch: Mismatch | undefined, args: JsonObject): boolean {
  const { known, unresolved } = resolveArguments(now, step);
  const { missingFields = [], illTypedFields = [] } = mismatch ?? {};
  const unfit = new Set(
    [...missingFields, ...illTypedFields.map(({ field }) => field)].map((field) => field.split('.')[0]),
  );
  const mayDiffer = (name: string) => unfit.has(name) || unfit.has('');
  const areSame = Object.entries(known).every(([name, value]) => mayDiffer(name) || deepEqual(args[name], value));
  const isOpen = unresolved.size > 0 || mismatch !== undefined || step.tool === undefined;
  return areSame && (isOpen || Object.keys(args).every((name) => Object.hasOwn(known, name)));
}
