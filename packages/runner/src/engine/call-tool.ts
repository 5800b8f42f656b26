import type { CallToolResult } from '@mcp-tasks/wire';
import type { TaskFailure } from '@mcp-tasks/store';
import { HandlerContext } from '../context.ts';
import { fromJson } from '../json.ts';
import { refusedOutcome, thrownOutcome } from '../outcome.ts';
import type { RunOutcome } from '../outcome.ts';
import { throwIfEnded } from '../run-host.ts';
import type { RunHost } from '../run-host.ts';
import { NestedRun } from './nested-run.ts';
import type { NestedCall } from './nested-run.ts';

/** A tool that a handler calls with {@link callTool}. */
export interface ToolCallInRun extends NestedCall {
  /** False: the run does not park while this call is under way, since it may not be begun a second time. */
  readonly mayPark: boolean;
}

/** How a tool that was called inside a run ended. */
export type ToolCallOutcome =
  /** The result as JSON gives it back, `isError` possible. */
  | { readonly kind: 'result'; readonly result: CallToolResult; readonly thrown?: unknown }
  /** A JSON-RPC error, or a refusal. */
  | { readonly kind: 'error'; readonly error: TaskFailure; readonly thrown?: unknown };

/**
 * Run a registered tool's handler inside the run of another handler: same slot, same lease, names of its own.
 *
 * Arguments are checked with the tool's schema, the call is authorized (`via: 'step'`), the result is checked and limited as that
 * of any call. What went wrong is an outcome; `thrown` is what the handler threw, if it did.
 *
 * @throws {TaskError} RUN_ENDED - the outer run may no longer write: the outcome is not to be used.
 */
export async function callTool(task: object, call: ToolCallInRun): Promise<ToolCallOutcome> {
  const outer = HandlerContext.hostOf(task);
  throwIfEnded(outer);
  const ended = call.mayPark ? undefined : outer.stepBegan();
  try {
    const outcome = (await refusal(outer, call)) ?? (await outcomeOf(outer, call));
    throwIfEnded(outer);
    return outcome;
  } finally {
    ended?.();
  }
}

async function refusal(outer: RunHost, { tool, arguments: args }: ToolCallInRun): Promise<ToolCallOutcome | undefined> {
  try {
    await outer.authorizeStep(tool.name, args);
    return undefined;
  } catch (thrown) {
    return toOutcome(refusedOutcome(tool, thrown), thrown);
  }
}

async function outcomeOf(outer: RunHost, call: ToolCallInRun): Promise<ToolCallOutcome> {
  try {
    const execution = await new NestedRun(outer, call).go();
    if (execution.kind === 'parked') throw new TypeError(`Tool ${call.tool.name} cannot park here`);
    return toOutcome(execution);
  } catch (thrown) {
    return toOutcome(thrownOutcome(thrown), thrown);
  }
}

function toOutcome(outcome: RunOutcome, thrown?: unknown): ToolCallOutcome {
  const because = thrown === undefined ? {} : { thrown };
  if (outcome.kind === 'error') return { ...outcome, ...because };
  return { kind: 'result', result: fromJson(outcome.json) as unknown as CallToolResult, ...because };
}
