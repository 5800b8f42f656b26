/**
 * The change that a client's call makes to the plan of a workflow. The call is matched with a step, or kept as an
 * extra, once for each call id. Pure, and applied under compare-and-set, so that two racing calls are recorded one
 * after the other.
 */
import { createHash } from 'node:crypto';
import type { TaskEntry } from '@mcp-tasks/store';
import { oversizeOf } from '@mcp-tasks/store/rules';
import type { ContinuationCall, RecordedOutcome } from '../api/workflow-engine.ts';
import { type CheckedArguments, matchStep } from './match.ts';
import { applyReport, type StepReport } from './outcome.ts';
import type { RecordedCall } from './plan.ts';
import type { WorkflowNow } from './resolve.ts';
import { settle } from './settle.ts';
import { extraEntry, planEntry, withPlan, type WorkflowState } from './state.ts';

/** How many calls are remembered by their id. */
const MAX_CALLS = 1_000;
const MAX_ID_CHARACTERS = 64;
/** How many calls that fit no step are kept. */
const MAX_EXTRAS = 100;

const EXTRAS_FULL = `The call fits no step of the workflow and was not kept: there are ${MAX_EXTRAS} such calls already.`;
const TOO_LARGE = 'The call fits no step of the workflow and was not kept: it is too large.';

/** The outcome of a call; `retryable` is set where it does not depend on the step. */
export type JudgedCall = RecordedOutcome & { readonly retryable?: boolean | undefined };

/** The change that recording a call makes. */
export interface CallRecord {
  readonly state: WorkflowState;
  /** Nothing when the call was recorded before. */
  readonly put: readonly TaskEntry[];
  /** The step as which it was recorded. */
  readonly step?: string | undefined;
  /** Why nothing of it was kept. */
  readonly warning?: string | undefined;
}

/**
 * Record the outcome of a call once, as one step or as an extra. Pure, so that it can be applied again to the record
 * that a lost race brings. A call that lost to another one of the same id finds it recorded.
 */
export function recordCall(
  now: WorkflowNow,
  call: ContinuationCall,
  outcome: JudgedCall,
  { maxBytes, checked }: { readonly maxBytes: number; readonly checked: CheckedArguments },
): CallRecord {
  const { state } = now;
  const before = recordedBefore(state, call.callId);
  if (before !== undefined) return { state, put: [], step: before.step };
  const match = matchStep(now, call, checked);
  if (match === undefined) return recordExtra(state, call, outcome, maxBytes);
  const { step, present } = match;
  const report: StepReport = {
    arguments: call.arguments,
    outcome,
    by: 'client',
    attempt: present.attempt + 1,
  };
  const applied = applyReport(state, step, report, maxBytes);
  const recorded = withCall(applied.state, call.callId, step.name);
  const settled = settle({ ...now, state: recorded });
  return { state: settled, put: [...applied.put, planEntry(settled.plan)], step: step.name };
}

function recordExtra(
  state: WorkflowState,
  call: ContinuationCall,
  outcome: RecordedOutcome,
  maxBytes: number,
): CallRecord {
  const number = state.plan.extras + 1;
  if (number > MAX_EXTRAS) return { state, put: [], warning: EXTRAS_FULL };
  const { callId, step, tool, arguments: args } = call;
  const cameTo = 'result' in outcome ? { result: outcome.result } : { error: outcome.error };
  const kept = { callId, step, tool, arguments: args, ...cameTo };
  const entry = extraEntry(number, kept);
  if (oversizeOf(entry.value, maxBytes) !== undefined) return { state, put: [], warning: TOO_LARGE };
  const recorded = withCall(withPlan(state, { ...state.plan, extras: number }), callId, undefined);
  return { state: recorded, put: [entry, planEntry(recorded.plan)] };
}

/** The call that was recorded under an id, if one was. */
export function recordedBefore({ plan }: WorkflowState, callId: string): RecordedCall | undefined {
  const id = keptId(callId);
  return plan.calls.find((call) => call.callId === id);
}

/** A client chooses the id, and may choose a long one. */
function keptId(callId: string): string {
  return callId.length <= MAX_ID_CHARACTERS ? callId : createHash('sha256').update(callId).digest('base64url');
}

function withCall(state: WorkflowState, callId: string, step: string | undefined): WorkflowState {
  const calls = [...state.plan.calls, { callId: keptId(callId), ...(step !== undefined && { step }) }].slice(
    -MAX_CALLS,
  );
  return withPlan(state, { ...state.plan, calls });
}
