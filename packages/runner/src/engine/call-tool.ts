import { hostOf } from '../handler/handler-context.ts';
import { type HandlerHost, throwIfEnded } from '../handler/handler-host.ts';
import { type NestedCall, NestedRun } from '../run/nested-run.ts';
import { refusedOutcome, thrownOutcome, type ToolOutcome, toolOutcome } from '../tool/outcome.ts';

/** A tool that a handler calls with {@link callTool}. */
export interface ToolCallInRun extends NestedCall {
  /** False: the run does not park while this call is under way, since the call may not begin a second time. */
  readonly mayPark: boolean;
}

/**
 * Run a registered tool's handler inside the run of another handler: same slot, same lease, names of its own.
 *
 * Arguments are checked with the tool's schema, the call is authorized (`via: 'step'`), the result is checked and
 * limited as that of any call. A failure is an outcome too; `thrown` is the value that the handler threw, if it did.
 *
 * @throws {TaskError} RUN_ENDED - the outer run may no longer write: the outcome must not be used.
 */
export async function callTool(task: object, call: ToolCallInRun): Promise<ToolOutcome> {
  const outer = hostOf(task);
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

async function refusal(outer: HandlerHost, { tool, arguments: args }: ToolCallInRun): Promise<ToolOutcome | undefined> {
  try {
    await outer.authorizeStep(tool.name, args);
    return undefined;
  } catch (thrown) {
    return toolOutcome(refusedOutcome(tool, thrown), thrown);
  }
}

async function outcomeOf(outer: HandlerHost, call: ToolCallInRun): Promise<ToolOutcome> {
  try {
    const execution = await new NestedRun(outer, call).go();
    if (execution.kind === 'parked') throw new TypeError(`Tool "${call.tool.name}" cannot park here.`);
    return toolOutcome(execution);
  } catch (thrown) {
    return toolOutcome(thrownOutcome(thrown), thrown);
  }
}
