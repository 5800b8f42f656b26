import { isDeepStrictEqual } from 'node:util';
import type { TaskTool, WorkflowStepInfo } from '@mcp-tasks/runner';
import { runCall } from '@mcp-tasks/runner/engine';
import { TaskError } from '@mcp-tasks/store';
import type { CallToolResult } from '@mcp-tasks/wire';
import type { RecordedOutcome, StepCall } from '@mcp-tasks/workflow/serving';
import type { InputRequiredResult } from '@modelcontextprotocol/server';
import { askFirst } from '../../request/ask-first.ts';
import { readCallMeta } from '../../request/call-meta.ts';
import { calledBy } from '../../request/caller.ts';
import { isFault, toErrorObject } from '../../request/errors.ts';
import { inlineHost } from '../../request/inline-host.ts';
import { readWorkflowReference } from '../serving/workflow-reference.ts';
import type { WorkflowServing } from '../serving/workflow-serving.ts';
import { Continuation } from './continuation.ts';
import type { ContinueArguments } from './continue-arguments.ts';
import { type ContinueCall, continuedAnswer, failed } from './continued-answer.ts';
import { endedAnswer, NOTHING_FOUND, shownStep, waitForWorkflow } from './wait-for-workflow.ts';

/**
 * Do a step of a workflow and record what it came to: by the step's tool if it is ours, else the arguments are the
 * outcome. Without a step, wait for the workflow and answer how far it is, or what it came to.
 *
 * A task that cannot be continued, and a step that is not to be done, are told as a result with `isError`; nothing is
 * run then.
 *
 * @throws {TaskError} RUN_ENDED - the request was given up; of the store, before anything is run.
 */
export async function continueWorkflow(
  serving: WorkflowServing,
  call: ContinueCall,
): Promise<CallToolResult | InputRequiredResult> {
  const { request, input } = call;
  if (request.owner.kind === 'refused') return failed(NOTHING_FOUND);
  const { owner } = request.owner;
  const { taskId, step } = input;
  if (step === undefined) return waitForWorkflow(serving, call);
  const planned = await serving.engine.stepOf(owner, taskId, step);
  const reference = readWorkflowReference(request.params);
  const continuation = new Continuation(
    serving,
    { owner, taskId },
    {
      step,
      tool: planned?.tool,
      arguments: input.arguments ?? planned?.arguments ?? {},
      ...(typeof reference === 'object' && { callId: reference.callId }),
    },
  );
  const match = await continuation.match();
  if (!match.isLive) return endedAnswer(serving, call, step);
  if (planned === undefined || match.step === undefined) {
    const problem = failed(`Step "${shownStep(step)}" cannot be done now. Nothing was run or recorded.`);
    return continuedAnswer(serving, call, problem, undefined);
  }
  const tool = planned.tool === undefined ? undefined : serving.host.tasks.tools.get(planned.tool);
  if (tool === undefined) {
    const problem = problemOfGiven(planned, step, input);
    if (problem !== undefined) return continuedAnswer(serving, call, failed(problem), undefined);
    return recorded(serving, call, continuation, { outcome: givenOutcome(continuation), shown: { content: [] } });
  }
  const asked =
    tool.options.ask !== undefined && request.generation === '2026-07-28' ? askFirst(tool, request.params) : undefined;
  if (asked?.status === 'asking') return asked.result;
  const outcome = await runTool(serving, call, { tool, continuation, workflow: match.step, answers: asked?.answers });
  const shown = 'result' in outcome ? outcome.result : failed(outcome.error.message);
  return recorded(serving, call, continuation, { outcome, shown });
}

/** A step of a tool that is not ours is done by calling that tool: the arguments of the call are not its result. */
function problemOfGiven(
  { tool, arguments: known }: StepCall,
  step: string,
  { arguments: given }: ContinueArguments,
): string | undefined {
  if (tool === undefined || (given !== undefined && !isDeepStrictEqual(given, known))) return undefined;
  return `Step "${step}" is done by the tool "${tool}", which this tool cannot call. Call it yourself, then pass its result as \`arguments\`.`;
}

/** A step that the client did by its own means: what it says is what the step came to. */
function givenOutcome({ call }: Continuation): RecordedOutcome {
  const { arguments: given } = call;
  return { result: { content: [{ type: 'text', text: JSON.stringify(given) }], structuredContent: given } };
}

async function runTool(
  { host }: WorkflowServing,
  { request, context }: ContinueCall,
  run: {
    readonly tool: TaskTool;
    readonly continuation: Continuation;
    readonly workflow: WorkflowStepInfo;
    readonly answers: Extract<ReturnType<typeof askFirst>, { status: 'answered' }>['answers'] | undefined;
  },
): Promise<RecordedOutcome> {
  const meta = readCallMeta(request.params);
  const toolCall = {
    tool: run.tool.name,
    ...calledBy(host, request),
    arguments: run.continuation.call.arguments,
    ...meta,
    ...(run.answers !== undefined && { answers: run.answers }),
    workflow: run.workflow,
  };
  try {
    const outcome = await runCall(host.tasks, toolCall, inlineHost(request, meta, context));
    return outcome.kind === 'result' ? { result: outcome.result, thrown: outcome.thrown } : { error: outcome.error };
  } catch (error) {
    // The step was not begun, and is still to be done.
    if (TaskError.is(error, 'TASK_QUOTA_EXCEEDED')) throw error;
    if (isFault(error)) host.reportError(error);
    const { code, message } = toErrorObject(error);
    return { error: { code, message } };
  }
}

async function recorded(
  serving: WorkflowServing,
  call: ContinueCall,
  continuation: Continuation,
  came: { readonly outcome: RecordedOutcome; readonly shown: CallToolResult },
): Promise<CallToolResult> {
  // A client that gave the call up gets no answer, and does not count it as done.
  if (call.context.mcpReq.signal.aborted) throw new TaskError('RUN_ENDED', 'The request was given up.');
  const meta = await continuation.record(came.outcome);
  return continuedAnswer(serving, call, came.shown, meta);
}
