/**
 * The engine's next move, as a pure function: of the plan and its outcomes it makes which step to run, what to ask,
 * when to park, and when the workflow is over. It is applied again whenever the record changed under the run.
 */
import type { TaskEntry, TaskLease, TaskLimits } from '@mcp-tasks/store';
import { cutUtf8, type Outcomes, type RecordRule, rules, type Verdict } from '@mcp-tasks/store/rules';
import type { CallToolResult, JsonObject } from '@mcp-tasks/wire';
import type { StepDefinition, WorkflowDefinition } from '../definition/definition.ts';
import { completionOf } from '../plan/completion.ts';
import type { CheckedArguments, CheckNeeded } from '../plan/match.ts';
import { applyReport, type StepReport } from '../plan/outcome.ts';
import { isRunBy, type PlanStep } from '../plan/plan.ts';
import { resolveArguments, type WorkflowNow } from '../plan/resolve.ts';
import { definitionChanged, isFinished, rebase, settle } from '../plan/settle.ts';
import { nextReady, standings } from '../plan/standing.ts';
import {
  hasPlan,
  initialPlan,
  planEntry,
  planStep,
  readState,
  withPlan,
  withStep,
  type WorkflowState,
} from '../plan/state.ts';
import { runningMessage, uselessQuestions, waitingMessage } from '../plan/status.ts';

/** The next move of a run. */
type Next =
  /** Run a step: it is marked as running. */
  | { readonly kind: 'run'; readonly step: StepDefinition; readonly attempt: number; readonly arguments: JsonObject }
  /** Ask the question of a step, or take its answer. */
  | { readonly kind: 'ask'; readonly step: StepDefinition; readonly attempt: number }
  /** Check arguments first: their schemas may take time. */
  | { readonly kind: 'check'; readonly needed: CheckNeeded }
  | { readonly kind: 'completed'; readonly result: CallToolResult }
  | { readonly kind: 'paused'; readonly message: string };

/** The decision of {@link advance}, and the state after it. */
export interface Advance {
  readonly next: Next;
  readonly state: WorkflowState;
}

/** Knowledge of a run when it looks for its next move. */
export interface AdvanceOptions {
  readonly definition: WorkflowDefinition;
  readonly limits: TaskLimits;
  readonly keepResultMs: number;
  readonly lease: TaskLease;
  /** The prompt arguments, as JSON keeps them, for the plan of a task that has none. */
  readonly arguments: JsonObject;
  /** The report on the step that this run did last. */
  readonly report?: { readonly step: StepDefinition; readonly report: StepReport } | undefined;
  /** The step whose question cannot be asked of this client. */
  readonly unasked?: StepDefinition | undefined;
  /** Verdicts on checked arguments, by step; complete arguments do not change. */
  readonly checked: CheckedArguments;
}

/**
 * The one write between two steps of a run: what the last step came to, and which one is running next, or that all are
 * done, or what the workflow waits for. Decided on the record as it is, so that what clients recorded meanwhile counts.
 *
 * Refused with WORKFLOW_INCOMPATIBLE when the definition no longer has a step that was begun.
 */
export function advance(options: AdvanceOptions): RecordRule<Advance> {
  return (record, nowMs) => {
    const { definition, lease, limits, keepResultMs } = options;
    const stored = readState(record, () => initialPlan(definition, options.arguments));
    const based = rebase(definition, stored.plan);
    if (based.missing !== undefined) return { kind: 'refused', error: definitionChanged(stored.plan, based.missing) };

    const caughtUp = catchUp(options, withPlan(stored, based.plan));
    const state = settle({ definition, state: caughtUp.state });
    if (isFinished(state)) {
      const completion = { ...completionOf(state, limits.maxResultBytes), keepResultMs };
      const put = [...caughtUp.put, planEntry(state.plan)];
      const value: Advance = { next: { kind: 'completed', result: completion.result }, state };
      return withValue(rules.outcome({ lease, put, completion })(record.head, nowMs), value);
    }

    const next = decide({ definition, state }, options);
    const marked = next.kind === 'run' ? markedRunning(state, next, lease.attempt) : state;
    const value: Advance = { next, state: marked };
    const isChanged = !hasPlan(record) || JSON.stringify(marked.plan) !== JSON.stringify(stored.plan);
    const outcomes: Outcomes = {
      lease,
      put: isChanged ? [...caughtUp.put, planEntry(marked.plan)] : caughtUp.put,
      isProgress: caughtUp.isProgress,
      closes: uselessQuestions(record.head, marked.plan),
      ...statusOf(next, { definition, state: marked }, limits),
    };
    const isSaid = outcomes.statusMessage === undefined || outcomes.statusMessage === record.head.statusMessage;
    if (!isChanged && isSaid) return { kind: 'done', value };
    return withValue(rules.outcome(outcomes)(record.head, nowMs), value);
  };
}

function withValue<Value>(verdict: Verdict<unknown>, value: Value): Verdict<Value> {
  return verdict.kind === 'refused' ? verdict : { ...verdict, value };
}

/**
 * The state with all that this run knows beside the record. Applied to a record that has it already, it changes
 * nothing.
 */
function catchUp(
  options: AdvanceOptions,
  stored: WorkflowState,
): { readonly state: WorkflowState; readonly put: readonly TaskEntry[]; readonly isProgress: boolean } {
  const { definition, lease, limits, report, unasked, checked } = options;
  let state = stored;
  const put: TaskEntry[] = [];
  const apply = (step: StepDefinition, what: StepReport) => {
    const applied = applyReport(state, step, what, limits.maxCheckpointBytes);
    state = applied.state;
    put.push(...applied.put);
  };
  for (const step of definition.steps) {
    const present = planStep(state, step.name);
    if (present === undefined) continue;
    if (present.status === 'running' && !isRunBy(present, lease.attempt)) {
      if (step.retryable) state = withStep(state, waitingAgain(present));
      else apply(step, interrupted({ definition, state }, step, present.attempt));
    }
    if (present.status !== 'pending') continue;
    if (step === unasked) state = withStep(state, { ...present, unasked: true });
    const mismatch = checked.get(step.name);
    if (mismatch !== undefined) state = withStep(state, { ...present, mismatch });
  }
  const present = report === undefined ? undefined : planStep(state, report.step.name);
  if (report !== undefined && present !== undefined && isAwaited(present, report.step, lease))
    apply(report.step, report.report);
  return { state, put, isProgress: put.length > 0 };
}

function interrupted(context: WorkflowNow, step: StepDefinition, attempt: number): StepReport {
  const { known } = resolveArguments(context, step);
  return { arguments: known, outcome: { interrupted: true }, by: 'server', attempt };
}

/** Tell whether the step is still this run's, or its question still open: no other writer recorded its outcome. */
function isAwaited(present: PlanStep, { client }: StepDefinition, { attempt }: TaskLease): boolean {
  return client ? present.status === 'pending' : isRunBy(present, attempt);
}

function waitingAgain({ name, tool, attempt }: PlanStep): PlanStep {
  return { name, ...(tool !== undefined && { tool }), status: 'pending', attempt };
}

function markedRunning(
  state: WorkflowState,
  { step, attempt }: Next & { readonly kind: 'run' },
  runAttempt: number,
): WorkflowState {
  const present = planStep(state, step.name);
  return present === undefined
    ? state
    : withStep(state, { ...waitingAgain(present), status: 'running', attempt, runAttempt });
}

function decide(context: WorkflowNow, { lease, checked }: AdvanceOptions): Next {
  const views = standings(context);
  const own = views.find(({ present }) => isRunBy(present, lease.attempt));
  // This run's own mark, after its answer was lost.
  if (own !== undefined) {
    const { known } = resolveArguments(context, own.step);
    return { kind: 'run', step: own.step, attempt: own.present.attempt, arguments: known };
  }
  const ready = nextReady(context);
  if (ready === undefined) return { kind: 'paused', message: waitingMessage(context) };
  const { step, present, arguments: args } = ready;
  const attempt = present.attempt + 1;
  if (step.client) return { kind: 'ask', step, attempt };
  const isUnchecked = step.tool !== undefined && !checked.has(step.name);
  return isUnchecked
    ? { kind: 'check', needed: { step, arguments: args } }
    : { kind: 'run', step, attempt, arguments: args };
}

function statusOf(
  next: Next,
  context: WorkflowNow,
  { maxStatusMessageBytes }: TaskLimits,
): Pick<Outcomes, 'statusMessage'> {
  if (next.kind === 'run')
    return { statusMessage: cutUtf8(runningMessage(context, next.step.name), maxStatusMessageBytes) };
  if (next.kind === 'paused') return { statusMessage: cutUtf8(next.message, maxStatusMessageBytes) };
  return {};
}
