import { type TaskEntryKind, TaskError, type TaskHead, type TaskRecord } from '@mcp-tasks/store';
import { isTaskId, ownerView, requireOwner, rules } from '@mcp-tasks/store/rules';
import type { InputResponse } from '@mcp-tasks/wire';
import type { OwnerTasks } from '../api/tasks.ts';
import { type TaskLayer, tell, writeByRule } from '../core/task-layer.ts';
import type { Lifecycle } from '../process/lifecycle.ts';
import { answerInvalid, refusedResponse } from '../tool/question-answer.ts';
import { checkAnswer } from '../tool/question-form.ts';
import { readQuestions, readTrace } from '../tool/stored-call.ts';

/** Make the methods with which an owner reaches their tasks. */
export function ownerTasks(layer: TaskLayer, owner: string, lifecycle: Lifecycle): OwnerTasks {
  requireOwner(owner, layer.limits.maxOwnerBytes);
  const view = ownerView(layer, owner);

  const told = async <Value>(taskId: string, work: () => Promise<Value>): Promise<Value> => {
    const opening = lifecycle.ready();
    if (opening !== undefined) await opening;
    return toldOfRefusal(layer, owner, taskId, work);
  };
  /** Make a call that ends by itself: closing waits for it. */
  const call = <Value>(taskId: string, work: () => Promise<Value>): Promise<Value> =>
    lifecycle.during(told(taskId, work));
  const listed: OwnerTasks['list'] = async (options) => {
    await lifecycle.ready();
    return view.list(options);
  };
  /** Add the kind of the call: an event carries its trace. Without a listener, the call need not be read. */
  const withCall = (kinds: readonly TaskEntryKind[]): readonly TaskEntryKind[] =>
    layer.hasListener ? ['call', ...kinds] : kinds;

  return {
    owner,
    get: (taskId, kinds) => call(taskId, () => view.get(taskId, kinds)),
    list: (options) => lifecycle.during(listed(options)),
    cancel: (taskId) => call(taskId, async () => cancelTask(layer, await view.get(taskId, withCall([])))),
    answer: (taskId, responses) =>
      call(taskId, async () => answerTask(layer, await view.get(taskId, withCall(['question'])), responses)),
    refuse: (taskId, key, refusal) =>
      call(taskId, async () =>
        storeAnswers(layer, await view.get(taskId, withCall([])), { [key]: refusedResponse(refusal) }),
      ),
    waitFor: (taskId, until, options) => told(taskId, () => view.waitFor(taskId, until, options)),
    watch(taskId, listener) {
      let isKnown = false;
      return view.watch(taskId, (head) => {
        if (head === undefined && !isKnown) tellRefused(layer, owner, taskId);
        isKnown = true;
        listener(head);
      });
    },
  };
}

/** Emit an event when an owner asks for a task that is foreign or missing. */
export async function toldOfRefusal<Value>(
  layer: TaskLayer,
  owner: string,
  taskId: string,
  work: () => Promise<Value>,
): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    if (TaskError.is(error, 'TASK_NOT_FOUND')) tellRefused(layer, owner, taskId);
    throw error;
  }
}

function tellRefused(layer: TaskLayer, owner: string, taskId: string): void {
  const named = isTaskId(taskId) ? { taskId } : {};
  layer.emit({ type: 'access-refused', reason: 'unknown-task', owner, ...named, atMs: layer.clock.nowMs() });
}

async function cancelTask(layer: TaskLayer, { head, entries }: TaskRecord): Promise<TaskHead> {
  const trace = readTrace(entries);
  const outcome = await writeByRule(layer, head, rules.cancel(), { trace });
  if (outcome.wrote) tell(layer, outcome.head, trace, { type: 'cancelled' });
  return outcome.head;
}

async function answerTask(
  layer: TaskLayer,
  { head, entries }: TaskRecord,
  responses: Readonly<Record<string, InputResponse>>,
): Promise<TaskHead> {
  return storeAnswers(layer, { head, entries }, checkedAnswers(layer, head, entries, responses));
}

async function storeAnswers(
  layer: TaskLayer,
  { head, entries }: TaskRecord,
  checked: Readonly<Record<string, InputResponse>>,
): Promise<TaskHead> {
  const trace = readTrace(entries);
  const outcome = await writeByRule(layer, head, rules.answer(checked), { trace });
  if (outcome.wrote) {
    for (const key of outcome.value.keys) tell(layer, outcome.head, trace, { type: 'question-answered', key });
  }
  if (outcome.value.wakes) layer.submit(outcome.head);
  return outcome.head;
}

/**
 * Check the answers to open questions. Each must fit, or none is stored. Answers to other keys are left out: a question
 * that opens before the write must not take an unchecked answer.
 */
function checkedAnswers(
  layer: TaskLayer,
  head: TaskHead,
  entries: TaskRecord['entries'],
  responses: Readonly<Record<string, InputResponse>>,
): Record<string, InputResponse> {
  const questions = readQuestions(entries);
  const checked: [string, InputResponse][] = [];
  for (const key of head.openQuestions) {
    const request = questions.get(key);
    const response = Object.hasOwn(responses, key) ? responses[key] : undefined;
    if (request === undefined || response === undefined) continue;
    const problem = checkAnswer(request, response, layer.limits.maxArgumentsBytes);
    if (problem !== undefined) throw answerInvalid(key, problem);
    checked.push([key, response]);
  }
  return Object.fromEntries(checked);
}
