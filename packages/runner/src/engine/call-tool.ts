import { HandlerContext } from '../handler/handler-context.ts';
import { type RunHost, throwIfEnded } from '../handler/handler-host.ts';
import { type NestedCall, NestedRun } from '../run/nested-run.ts';
import { type CallOutcome, callOutcome, refusedOutcome, thrownOutcome } from '../tool/outcome.ts';

/** A tool that a handler calls with {@link callTool}. */
export interface ToolCallInRun extends NestedCall {
  /** False: the run does not park while this call is under way, since it may not be begun a second time. */
  readonly mayPark: boolean;
}

/**
 * Run a registered tool's handler inside the run of another handler: same slot, same lease, names of its own.
 *
 * Arguments are checked with the tool's schema, the call is authorized (`via: 'step'`), the result is checked and limited as that
 * of any call. What went wrong is an outcome; `thrown` is what the handler threw, if it did.
 *
 * @throws {TaskError} RUN_ENDED - the outer run may no longer write: the outcome is not to be used.
 */
export async function callTool(task: object, call: ToolCallInRun): Promise<CallOutcome> {
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

async function refusal(outer: RunHost, { tool, arguments: args }: ToolCallInRun): Promise<CallOutcome | undefined> {
  try {
    await outer.authorizeStep(tool.name, args);
    return undefined;
  } catch (thrown) {
    return callOutcome(refusedOutcome(tool, thrown), thrown);
  }
}

async function outcomeOf(outer: RunHost, call: ToolCallInRun): Promise<CallOutcome> {
  try {
    const execution = await new NestedRun(outer, call).go();
    if (execution.kind === 'parked') throw new TypeError(`Tool ${call.tool.name} cannot park here`);
    return callOutcome(execution);
  } catch (thrown) {
    return callOutcome(thrownOutcome(thrown), thrown);
  }
}
