import { messageOf } from '@mcp-tasks/runner/engine';
import type { TaskEntry } from '@mcp-tasks/store';
import { cutUtf8, utf8Bytes } from '@mcp-tasks/store/rules';
import type { CallToolResult, JsonObject, JsonValue } from '@mcp-tasks/wire';
import { StepError } from '../api/step-error.ts';
import type { StepDefinition } from '../definition/definition.ts';
import type { PlanStep, ReadText, StepRecord } from './plan.ts';
import { planStep, stepEntry, withRecord, withStep, type WorkflowState } from './state.ts';

const MAX_ERROR_BYTES = 1024;

/** The outcome of a step, and who did it. */
export interface StepReport {
  readonly arguments: JsonObject;
  readonly outcome:
    /** `retryable` is said where it does not depend on the step. */
    | { readonly result: CallToolResult; readonly thrown?: unknown; readonly retryable?: boolean | undefined }
    | {
        readonly error: { readonly message: string };
        readonly thrown?: unknown;
        readonly retryable?: boolean | undefined;
      }
    /** The run that did it is gone. */
    | { readonly interrupted: true };
  readonly resources?: readonly ReadText[] | undefined;
  readonly by: 'server' | 'client';
  /** Number of the attempt. */
  readonly attempt: number;
}

const INTERRUPTED =
  'It was interrupted, and may or may not have taken effect: find out before it is done again, and report what came of it.';

/** The state after a step came to something, and the entry that keeps what it came to. */
export function applyReport(
  state: WorkflowState,
  step: StepDefinition,
  report: StepReport,
  maxBytes: number,
): { readonly state: WorkflowState; readonly put: readonly TaskEntry[] } {
  const failure = failureOf(step, report);
  const whole = stepRecord(report);
  const candidates = [whole, withoutTexts(whole)];
  const kept = candidates.find((record) => utf8Bytes(JSON.stringify(record)) <= maxBytes);
  if (kept !== undefined) return applied(state, step, { report, failure, record: kept });
  const actualBytes = utf8Bytes(JSON.stringify(withoutTexts(whole)));
  const tooLarge = failure ?? {
    error: `Its result has ${actualBytes} bytes with its arguments; the limit is ${maxBytes} bytes, and nothing of it was kept.`,
    retryable: false,
  };
  return applied(state, step, { report, failure: tooLarge, record: { arguments: {} } });
}

/** The record with the names of its resources only: what a tool came to matters more than what was read for it. */
function withoutTexts({ resources, ...rest }: StepRecord): StepRecord {
  if (resources === undefined) return rest;
  return {
    ...rest,
    resources: resources.map(({ uri, text }) => ({ uri, text: `(${utf8Bytes(text)} bytes, not kept)` })),
  };
}

interface Failure {
  readonly error: string;
  readonly retryable: boolean;
}

function applied(
  state: WorkflowState,
  step: StepDefinition,
  what: {
    readonly report: StepReport;
    readonly failure: Failure | undefined;
    readonly record: StepRecord;
  },
): { readonly state: WorkflowState; readonly put: readonly TaskEntry[] } {
  const { report, failure, record } = what;
  const present: PlanStep = {
    name: step.name,
    ...(step.toolName !== undefined && { tool: step.toolName }),
    status: failure === undefined ? 'completed' : 'failed',
    attempt: report.attempt,
    by: report.by,
    ...(failure !== undefined && { error: cutUtf8(failure.error, MAX_ERROR_BYTES), retryable: failure.retryable }),
  };
  return { state: withRecord(withStep(state, present), step.name, record), put: [stepEntry(step.name, record)] };
}

function failureOf(step: StepDefinition, { outcome }: StepReport): Failure | undefined {
  if ('interrupted' in outcome) return { error: INTERRUPTED, retryable: false };
  const failed =
    'error' in outcome ? outcome.error.message : outcome.result.isError === true ? textOf(outcome.result) : undefined;
  if (failed === undefined) return undefined;
  const said = 'retryable' in outcome ? outcome.retryable : undefined;
  const retryable = said ?? (StepError.is(outcome.thrown) ? outcome.thrown.retryable : step.retryable);
  const error = failed === '' && outcome.thrown !== undefined ? messageOf(outcome.thrown) : failed;
  return { error: error === '' ? 'It failed and did not say why.' : error, retryable };
}

function stepRecord({ arguments: args, outcome, resources }: StepReport): StepRecord {
  const read = resources === undefined || resources.length === 0 ? {} : { resources };
  if (!('result' in outcome)) return { arguments: args, ...read };
  const { result } = outcome;
  return { arguments: args, result, ...read };
}

/**
 * The output of a step for later ones: structured content, else its texts; the same for server and client. `undefined`
 * when it did not complete.
 */
export function outputOf(state: WorkflowState, step: string): JsonValue | undefined {
  if (planStep(state, step)?.status !== 'completed') return undefined;
  const result = state.recordOf(step)?.result;
  if (result === undefined) return undefined;
  const structured = result.structuredContent as JsonValue | undefined;
  return structured === undefined ? textOf(result) : structured;
}

/** The texts of a result, joined by line breaks. */
function textOf({ content }: CallToolResult): string {
  return content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n');
}
