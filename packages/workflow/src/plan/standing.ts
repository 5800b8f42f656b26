/**
 * How every step stands: over, running, ready, waiting for another, or blocked with a reason. Engine, hand-off and
 * recording all ask here, so that they cannot disagree. Pure: it looks at definition, plan and outcomes only.
 */
import type { JsonObject, JsonValue, WorkflowPause } from '@mcp-tasks/wire';
import { type Condition, sourcesOfStep, type StepDefinition, stepNamed } from '../definition/definition.ts';
import { describeSource } from '../definition/source.ts';
import { deepEqual } from './deep-equal.ts';
import { isOver, type PlanStep } from './plan.ts';
import {
  gravest,
  resolveArguments,
  type Resolved,
  resolveSource,
  type Unresolved,
  type WorkflowNow,
} from './resolve.ts';
import { planStep } from './state.ts';
import { strayedSegment } from './uri-segments.ts';

/** How a step stands, and what is to be done about it. */
export type Standing =
  | { readonly kind: 'over' }
  | { readonly kind: 'running' }
  /** Its condition does not hold: it is to be marked as skipped. */
  | { readonly kind: 'skip' }
  /** The server can go on with it: run it, ask its question, or take the answer. */
  | { readonly kind: 'ready'; readonly arguments: JsonObject }
  /** A step that it needs is not over. */
  | { readonly kind: 'waiting' }
  /** It needs the client. */
  | { readonly kind: 'blocked'; readonly pause: WorkflowPause };

/** How a step stands in its plan. */
export function standingOf(now: WorkflowNow, step: StepDefinition): Standing {
  const present = planStep(now.state, step.name);
  if (present === undefined || isOver(present)) return { kind: 'over' };
  if (present.status === 'running') return { kind: 'running' };
  if (present.status === 'failed') return { kind: 'blocked', pause: failedPause(step, present) };
  return (
    conditionStanding(now, step) ??
    afterStanding(now, step) ??
    inputStanding(now, step, present) ??
    ownStanding(now, step, present)
  );
}

function conditionStanding(now: WorkflowNow, step: StepDefinition): Standing | undefined {
  if (step.when === undefined) return undefined;
  const resolved = resolveSource(now, step.when.source);
  if (resolved.kind === 'waiting') return { kind: 'waiting' };
  // What a skipped step would have given is not there; what a failed one would have given may still come.
  if (resolved.kind === 'lost' && planStep(now.state, resolved.producer)?.status === 'failed') {
    return blocked(dependencyPause(now, step, resolved));
  }
  return holds(step.when, resolved) ? undefined : { kind: 'skip' };
}

function holds({ test, value: expected }: Condition, resolved: Resolved): boolean {
  const value: JsonValue | undefined = resolved.kind === 'value' ? resolved.value : undefined;
  if (test === 'truthy') return Boolean(value);
  return deepEqual(value, expected) === (test === 'is');
}

function afterStanding(now: WorkflowNow, step: StepDefinition): Standing | undefined {
  const steps = step.after.map((name) => planStep(now.state, name)).filter((found) => found !== undefined);
  const failed = steps.find(({ status }) => status === 'failed');
  if (failed !== undefined) {
    const { name, tool } = failed;
    return blocked({
      type: 'unresolvedDependency',
      blockedStep: step.name,
      missingOutput: `completion of step ${name}`,
      producingStep: name,
      ...(tool !== undefined && { suggestedTool: tool }),
    });
  }
  return steps.every(isOver) ? undefined : { kind: 'waiting' };
}

/** Find inputs of a step that are missing: for its arguments, its URIs and its question. */
function inputStanding(now: WorkflowNow, step: StepDefinition, present: PlanStep): Standing | undefined {
  const found = sourcesOfStep(step).flatMap(({ part, source }) => {
    const resolved = resolveSource(now, source);
    return resolved.kind === 'value' || resolved.kind === 'absent' ? [] : [{ ...resolved, part }];
  });
  const reason = gravest(found);
  if (reason === undefined) {
    const strayed = strayedPause(now, step);
    if (strayed !== undefined) return blocked(strayed);
    return present.mismatch === undefined || step.client ? undefined : blocked(mismatchPause(step, present.mismatch));
  }
  if (reason.kind === 'waiting') return { kind: 'waiting' };
  if (reason.kind === 'lost') return blocked(dependencyPause(now, step, reason));
  return blocked({
    type: 'unresolvableParams',
    blockedStep: step.name,
    missingParam: /^argument "(.*)"$/s.exec(reason.part)?.[1] ?? reason.part.replaceAll('`', ''),
    source: describeSource(reason.source),
    cause: reason.cause,
    ...suggestedTool(step.toolName),
  });
}

/** A URI whose values would make it lead elsewhere is not read. */
function strayedPause(now: WorkflowNow, step: StepDefinition): WorkflowPause | undefined {
  for (const [index, template] of step.resources.entries()) {
    const strayed = strayedSegment(now, template);
    if (strayed === undefined) continue;
    const { source, filled } = strayed;
    return {
      type: 'unresolvableParams',
      blockedStep: step.name,
      missingParam: `resources[${index}]`,
      source: describeSource(source),
      cause: `a segment of its path would be ${filled === '' ? 'empty' : `"${filled}"`}, which leads elsewhere`,
      ...suggestedTool(step.toolName),
    };
  }
  return undefined;
}

function ownStanding(now: WorkflowNow, step: StepDefinition, present: PlanStep): Standing {
  const ready = (): Standing => ({ kind: 'ready', arguments: resolveArguments(now, step).known });
  if (!step.client) return ready();
  const { isAsked, isAnswered } = now.state;
  const canAsk = step.question !== undefined && present.unasked !== true;
  if (canAsk && (!isAsked(step.name) || isAnswered(step.name))) return ready();
  return blocked({ type: 'clientStep', blockedStep: step.name, ...suggestedTool(step.toolName) });
}

function failedPause(step: StepDefinition, { error = '', retryable = false }: PlanStep): WorkflowPause {
  return { type: 'toolError', failedStep: step.name, error, retryable, ...suggestedTool(step.toolName) };
}

function mismatchPause(step: StepDefinition, mismatch: NonNullable<PlanStep['mismatch']>): WorkflowPause {
  const { missingFields, illTypedFields } = mismatch;
  return {
    type: 'schemaMismatch',
    blockedStep: step.name,
    missingFields: [...missingFields],
    illTypedFields: [...illTypedFields],
    ...suggestedTool(step.toolName),
  };
}

function dependencyPause(
  now: WorkflowNow,
  step: StepDefinition,
  { source, producer }: Unresolved & { readonly kind: 'lost' },
): WorkflowPause {
  return {
    type: 'unresolvedDependency',
    blockedStep: step.name,
    missingOutput: describeSource(source),
    producingStep: producer,
    ...suggestedTool(stepNamed(now.definition, producer)?.toolName),
  };
}

function blocked(pause: WorkflowPause): Standing {
  return { kind: 'blocked', pause };
}

function suggestedTool(tool: string | undefined): { readonly suggestedTool?: string } {
  return tool === undefined ? {} : { suggestedTool: tool };
}

/** How each step stands, with its arguments, in the order of the plan. */
export interface StepView {
  readonly step: StepDefinition;
  readonly present: PlanStep;
  readonly standing: Standing;
}

/** How every step stands. */
export function standings(now: WorkflowNow): readonly StepView[] {
  return now.definition.steps.flatMap((step) => {
    const present = planStep(now.state, step.name);
    return present === undefined ? [] : [{ step, present, standing: standingOf(now, step) }];
  });
}

/** The first step that the server can go on with. */
export function nextReady(
  now: WorkflowNow,
): { readonly step: StepDefinition; readonly present: PlanStep; readonly arguments: JsonObject } | undefined {
  for (const { step, present, standing } of standings(now)) {
    if (standing.kind === 'ready') return { step, present, arguments: standing.arguments };
  }
  return undefined;
}
