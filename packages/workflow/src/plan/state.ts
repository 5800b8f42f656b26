import { fromJson, parseCall } from '@mcp-tasks/runner/engine';
import { type TaskEntry, TaskError, type TaskRecord } from '@mcp-tasks/store';
import { isJsonObject, type JsonObject, type JsonValue } from '@mcp-tasks/wire';
import type { WorkflowDefinition } from '../definition/definition.ts';
import { type Plan, PLAN_VERSION, type PlanStep, type StepRecord } from './plan.ts';

const PLAN_ENTRY = 'plan';
const STEP_PREFIX = 'step:';
const EXTRA_PREFIX = 'extra:';

/** A workflow task as its record has it; changed by making another one. */
export interface WorkflowState {
  readonly plan: Plan;
  /** The outcome of a step; parsed when it is looked at. */
  readonly recordOf: (step: string) => StepRecord | undefined;
  /** A variable that a tool set while the server ran the step. */
  readonly variableOf: (step: string, name: string) => JsonValue | undefined;
  readonly isAsked: (step: string) => boolean;
  readonly isAnswered: (step: string) => boolean;
}

/** The plan of a task that nothing was stored of yet. */
export function initialPlan(definition: WorkflowDefinition, args: JsonObject): Plan {
  return {
    schemaVersion: PLAN_VERSION,
    workflow: definition.workflow.name,
    goal: definition.workflow.description,
    fingerprint: definition.fingerprint,
    arguments: args,
    steps: definition.steps.map((step): PlanStep => freshStep(step.name, step.toolName)),
    calls: [],
    extras: 0,
  };
}

/** A step that was never begun. */
export function freshStep(name: string, tool: string | undefined): PlanStep {
  return { name, ...(tool !== undefined && { tool }), status: 'pending', attempt: 0 };
}

/**
 * Read the state of a workflow task out of its record.
 *
 * @param initial - the plan of a task whose record has none yet.
 * @throws {TaskError} WORKFLOW_INCOMPATIBLE - the plan is of a version that this package does not know.
 */
export function readState({ head, entries }: TaskRecord, initial: (call: JsonObject) => Plan): WorkflowState {
  const texts = new Map(entries.map((entry) => [`${entry.kind} ${entry.name}`, entry.value]));
  const planText = texts.get(`outcome ${PLAN_ENTRY}`);
  const parsed = new Map<string, unknown>();
  const read = (key: string): unknown => {
    const text = texts.get(key);
    if (text === undefined) return undefined;
    if (!parsed.has(key)) parsed.set(key, fromJson(text));
    return parsed.get(key);
  };
  return {
    plan:
      planText === undefined ? initial(argumentsOf(texts.get('call '))) : checkedPlan(head.taskId, fromJson(planText)),
    recordOf: (step) => read(`outcome ${STEP_PREFIX}${step}`) as StepRecord | undefined,
    variableOf: (step, name) => read(`variable ${step}/${name}`) as JsonValue | undefined,
    isAsked: (step) => texts.has(`question ${step}`),
    isAnswered: (step) => texts.has(`answer ${step}`),
  };
}

/** Whether a record has a plan. */
export function hasPlan({ entries }: TaskRecord): boolean {
  return entries.some(({ kind, name }) => kind === 'outcome' && name === PLAN_ENTRY);
}

/** The arguments of the call that made the task, as the client sent them. */
export function callArguments({ entries }: TaskRecord): JsonObject {
  return argumentsOf(entries.find(({ kind }) => kind === 'call')?.value);
}

function argumentsOf(callText: string | undefined): JsonObject {
  return callText === undefined ? {} : parseCall(callText).arguments;
}

function checkedPlan(taskId: string, plan: unknown): Plan {
  const version = isJsonObject(plan) ? plan['schemaVersion'] : undefined;
  if (version === PLAN_VERSION) return plan as Plan;
  throw new TaskError(
    'WORKFLOW_INCOMPATIBLE',
    `The plan of task ${taskId} has version ${JSON.stringify(version ?? null)}; this version of @mcp-tasks/workflow reads ${PLAN_VERSION}: update it.`,
    { details: { taskId, schemaVersion: version ?? null } },
  );
}

/** The entry that keeps a plan. */
export function planEntry(plan: Plan): TaskEntry {
  return { kind: 'outcome', name: PLAN_ENTRY, value: JSON.stringify(plan) };
}

/** The entry that keeps what a step came to. */
export function stepEntry(step: string, record: StepRecord): TaskEntry {
  return { kind: 'outcome', name: `${STEP_PREFIX}${step}`, value: JSON.stringify(record) };
}

/** The entry that keeps a call which fit no step. */
export function extraEntry(number: number, call: object): TaskEntry {
  return { kind: 'outcome', name: `${EXTRA_PREFIX}${number}`, value: JSON.stringify(call) };
}

/** The state with another plan. */
export function withPlan(state: WorkflowState, plan: Plan): WorkflowState {
  return { ...state, plan };
}

/** The state with one step changed. */
export function withStep(state: WorkflowState, step: PlanStep): WorkflowState {
  const steps = state.plan.steps.map((present) => (present.name === step.name ? step : present));
  return withPlan(state, { ...state.plan, steps });
}

/** The state in which a step came to something. */
export function withRecord(state: WorkflowState, name: string, record: StepRecord): WorkflowState {
  return { ...state, recordOf: (step) => (step === name ? record : state.recordOf(step)) };
}

/** The plan's step of this name. */
export function planStep({ plan }: WorkflowState, name: string): PlanStep | undefined {
  return plan.steps.find((step) => step.name === name);
}
