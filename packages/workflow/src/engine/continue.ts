import type { Tasks } from '@mcp-tasks/runner';
import { amendTask, argumentProblems } from '@mcp-tasks/runner/engine';
import { TaskError, type TaskHead } from '@mcp-tasks/store';
import { cutUtf8, type RecordRule, rules } from '@mcp-tasks/store/rules';
import { isTerminalStatus } from '@mcp-tasks/wire';
import type { ContinuationCall, Recorded, RecordedOutcome, WorkflowEngine } from '../api/workflow-engine.ts';
import { stepNamed } from '../definition/definition.ts';
import { metaOf } from '../hand-off/view.ts';
import { checkArguments } from '../plan/check-arguments.ts';
import { completionOf } from '../plan/completion.ts';
import { CONTINUATION_WARNING, WORKFLOW_ENTRY_KINDS } from '../plan/entry-kinds.ts';
import { type CheckedArguments, type CheckNeeded, matchStep, uncheckedSteps } from '../plan/match.ts';
import type { Mismatch } from '../plan/plan.ts';
import { type CallRecord, type JudgedCall, recordCall, recordedBefore } from '../plan/record-call.ts';
import { resolveArguments, type WorkflowNow } from '../plan/resolve.ts';
import { definitionChanged, isFinished, rebase } from '../plan/settle.ts';
import { standings } from '../plan/standing.ts';
import { initialPlan, planStep, readState, withPlan } from '../plan/state.ts';
import { isMoving, uselessQuestions, waitingMessage } from '../plan/status.ts';
import { isFollowable, readWorkflowTask, stateNow, type WorkflowTask } from './workflow-task.ts';

/** Records the calls of clients in a workflow task. */
export function continuations(tasks: Tasks): Pick<WorkflowEngine, 'match' | 'record' | 'stepOf'> {
  return {
    async match(owner, taskId, call) {
      const task = await liveTask(tasks, owner, taskId);
      if (task === undefined) return { isLive: false };
      const context = stateNow(task);
      const checked = new Map<string, Mismatch | undefined>();
      for (const needed of uncheckedSteps(context, call, checked)) await checkArguments(checked, needed);
      const found = matchStep(context, call, checked);
      if (found === undefined) return { isLive: true };
      const { name } = found.step;
      const { name: workflow } = task.definition.workflow;
      return { isLive: true, step: { workflow, taskId, step: name, attempt: found.present.attempt + 1 } };
    },

    async record(owner, taskId, call, outcome) {
      try {
        const task = await readWorkflowTask(tasks, owner, taskId);
        return await record(tasks, task, call, outcome);
      } catch (error) {
        return { warning: warningOf(error) };
      }
    },

    async stepOf(owner, taskId, step) {
      const task = await liveTask(tasks, owner, taskId);
      const definition = task && stepNamed(task.definition, step);
      if (task === undefined || definition === undefined) return undefined;
      const context = stateNow(task);
      const status = planStep(context.state, step)?.status;
      if (status !== 'pending' && status !== 'failed') return undefined;
      const { toolName } = definition;
      const { known } = resolveArguments(context, definition);
      return { ...(toolName !== undefined && { tool: toolName }), arguments: known };
    },
  };
}

/** A task that can be continued, if it is one. */
async function liveTask(tasks: Tasks, owner: string, taskId: string): Promise<WorkflowTask | undefined> {
  try {
    const task = await readWorkflowTask(tasks, owner, taskId);
    return isTerminalStatus(task.record.head.status) || !isFollowable(task) ? undefined : task;
  } catch (error) {
    warningOf(error);
    return undefined;
  }
}

/** Say why a task cannot be continued. Any other error is thrown on. */
function warningOf(error: unknown): string {
  for (const code of ['TASK_NOT_FOUND', 'TASK_ALREADY_TERMINAL', 'OWNER_INVALID', 'WORKFLOW_INCOMPATIBLE'] as const) {
    if (TaskError.is(error, code)) return CONTINUATION_WARNING;
  }
  throw error;
}

type Outcome =
  | { readonly kind: 'recorded'; readonly context: WorkflowNow; readonly record: CallRecord }
  | { readonly kind: 'check'; readonly steps: readonly CheckNeeded[] };

async function record(
  tasks: Tasks,
  task: WorkflowTask,
  call: ContinuationCall,
  outcome: RecordedOutcome,
): Promise<Recorded> {
  const { owner, taskId } = task.record.head;
  const judged = await judge(tasks, call, outcome);
  const checked = new Map<string, Mismatch | undefined>();
  for (;;) {
    const rule = recordingRule(tasks, task, { call, outcome: judged, checked });
    const { head, value } = await amendTask(tasks, { owner, taskId, kinds: WORKFLOW_ENTRY_KINDS }, rule);
    if (value.kind === 'recorded') return answer(head, value);
    for (const needed of value.steps) await checkArguments(checked, needed);
  }
}

/** A call that failed for its arguments may be made again with others, even if its step is not retryable. */
async function judge({ tools }: Tasks, call: ContinuationCall, outcome: RecordedOutcome): Promise<JudgedCall> {
  const isFailed = 'error' in outcome || outcome.result.isError === true;
  const tool = isFailed && call.tool !== undefined ? tools.get(call.tool) : undefined;
  const problems = tool && (await argumentProblems(tool, call.arguments));
  return problems === undefined ? outcome : { ...outcome, retryable: true };
}

function answer(
  head: TaskHead,
  { context, record: { step, warning } }: Outcome & { readonly kind: 'recorded' },
): Recorded {
  return {
    ...metaOf(head, context),
    ...(step !== undefined && { matchedStep: step }),
    ...(warning !== undefined && { warning }),
  };
}

/**
 * The one rule of recording: plan, call and outcome give the plan after it, and what follows from that, in one write.
 */
function recordingRule(
  tasks: Tasks,
  { definition, arguments: args }: WorkflowTask,
  { call, outcome, checked }: { call: ContinuationCall; outcome: JudgedCall; checked: CheckedArguments },
): RecordRule<Outcome> {
  const { limits } = tasks;
  return (record, nowMs) => {
    const { head } = record;
    const stored = readState(record, () => initialPlan(definition, args));
    const based = rebase(definition, stored.plan);
    if (based.missing !== undefined) return { kind: 'refused', error: definitionChanged(stored.plan, based.missing) };
    const before: WorkflowNow = { definition, state: withPlan(stored, based.plan) };
    const isKnown = recordedBefore(stored, call.callId) !== undefined;
    if (!isKnown && isTerminalStatus(head.status)) return { kind: 'refused', error: over(head) };
    const unchecked = isKnown ? [] : uncheckedSteps(before, call, checked);
    if (unchecked.length > 0) return { kind: 'done', value: { kind: 'check', steps: unchecked } };

    const recorded = recordCall(before, call, outcome, { maxBytes: limits.maxCheckpointBytes, checked });
    const { state, put } = recorded;
    const context: WorkflowNow = { definition, state };
    const value: Outcome = { kind: 'recorded', context, record: recorded };
    if (put.length === 0) return { kind: 'done', value };
    const verdict = rules.outcome({ put, ...consequences(tasks, context, head) })(head, nowMs);
    return verdict.kind === 'refused' ? verdict : { ...verdict, value };
  };
}

/** Decide what follows from a recorded call: the task ends, goes on, or waits for something else. */
function consequences({ limits }: Tasks, context: WorkflowNow, head: TaskHead): Parameters<typeof rules.outcome>[0] {
  const { definition, state } = context;
  if (isFinished(state)) {
    const keepResultMs = definition.keepResultMs ?? limits.keepResultMs;
    return { completion: { ...completionOf(state, limits.maxResultBytes), keepResultMs } };
  }
  const views = standings(context);
  return {
    isProgress: true,
    wakes: views.some(({ standing }) => standing.kind === 'ready'),
    closes: uselessQuestions(head, state.plan),
    ...(!isMoving(views) && { statusMessage: cutUtf8(waitingMessage(context), limits.maxStatusMessageBytes) }),
  };
}

function over({ taskId, status }: TaskHead): TaskError {
  return new TaskError('TASK_ALREADY_TERMINAL', `Task ${taskId} is ${status}.`, { details: { taskId, status } });
}
