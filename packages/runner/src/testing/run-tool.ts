import { type Clock, memoryStore, TASK_ENTRY_KINDS, type TaskHead, type TaskRecord } from '@mcp-tasks/store';
import type { TaskFailure } from '@mcp-tasks/store/rules';
import {
  type CallToolResult,
  checkOptions,
  type InputRequest,
  type InputResponse,
  isTerminalStatus,
  type JsonObject,
  type JsonValue,
  option,
  type OptionTableOf,
} from '@mcp-tasks/wire';
import type { TaskEvent } from '../api/events.ts';
import type { Tasks, TasksOptions } from '../api/tasks.ts';
import type { TaskTool } from '../api/tool.ts';
import { taskLimits } from '../core/settings.ts';
import { createTasks } from '../layer/create-tasks.ts';
import { fromJson } from '../tool/json.ts';
import { readQuestions } from '../tool/stored-call.ts';

/** An answer to a question, or a function that makes one from the request. */
export type TestAnswer = InputResponse | ((request: InputRequest) => InputResponse | Promise<InputResponse>);

/**
 * Options of {@link runTool}.
 *
 * @example
 * const options: RunToolOptions = { arguments: { day: '2026-07-01' }, owner: 'alice', clock: fakeClock() };
 * const run = await runTool({ tasks, name: 'book_room' }, options);
 */
export interface RunToolOptions {
  readonly arguments?: JsonObject | undefined;
  /** Answers by question key, as a client would send them: `{ action: 'accept', content: { ... } }`. */
  readonly answers?: Readonly<Record<string, TestAnswer>> | undefined;
  /** Default `'test-owner'`. */
  readonly owner?: string | undefined;
  readonly caller?: JsonValue | undefined;
  /** Default: the system's clock; a `fakeClock()` stands still until the test turns it. */
  readonly clock?: Clock | undefined;
  /** Default: the limits of the task layer, field by field, or `DEFAULT_LIMITS` for a tool alone. */
  readonly limits?: TasksOptions['limits'];
  /** Signal that cancels the task when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

const RUN_TOOL_OPTIONS: OptionTableOf<RunToolOptions> = {
  arguments: option.object,
  answers: option.object,
  owner: option.text,
  caller: option.any,
  clock: option.methods('a Clock', 'nowMs', 'after'),
  limits: option.object,
  signal: option.methods('an AbortSignal', 'addEventListener'),
};

/** Outcome of a tool under test. */
export interface ToolRun {
  readonly status: 'completed' | 'failed' | 'cancelled';
  /** The result of a completed task. */
  readonly result: CallToolResult | undefined;
  /** The JSON-RPC error of a failed task. */
  readonly error: TaskFailure | undefined;
  readonly head: TaskHead;
  readonly variables: Readonly<Record<string, JsonValue>>;
  readonly published: Readonly<Record<string, JsonValue>>;
  /** Names of the steps that were recorded. */
  readonly steps: readonly string[];
  /** Questions of the tool, by key. */
  readonly questions: Readonly<Record<string, InputRequest>>;
  readonly events: readonly TaskEvent[];
}

/**
 * Run one tool as a task, on a store of its own, and answer its questions.
 *
 * @param tool - the return value of `tasks.tool`, or a task layer and the tool's name; the layer itself is not used.
 * @throws {TypeError} there is no such tool, or it asked a question without an answer; {TaskError} as `startTask`;
 *   TASK_ANSWER_INVALID - an answer does not fit its question.
 *
 * @example
 * const run = await runTool({ tasks, name: 'book_room' }, {
 *   arguments: { day: '2026-07-01' },
 *   answers: { confirm: { action: 'accept', content: { sure: true } } },
 * });
 * if (run.status !== 'completed') throw run.error;
 */
export async function runTool(
  tool: TaskTool | { readonly tasks: Tasks; readonly name: string },
  options: RunToolOptions = {},
): Promise<ToolRun> {
  checkOptions('runTool', options, RUN_TOOL_OPTIONS);
  const { name, options: toolOptions, handler } = toolOf(tool);
  const events: TaskEvent[] = [];
  const tasks = createTasks({
    store: memoryStore(),
    clock: options.clock,
    // A clock that stands still would never end a grace.
    graceMs: 0,
    limits: taskLimits(options.limits, 'tasks' in tool ? tool.tasks.limits : undefined),
    onEvent: (event) => void events.push(event),
  });
  tasks.tool(name, toolOptions as never, handler as never);
  try {
    const head = await tasks.startTask({
      tool: name,
      owner: options.owner ?? 'test-owner',
      arguments: options.arguments ?? {},
      ...(options.caller !== undefined && { caller: options.caller }),
    });
    const record = await driven(tasks, head, options);
    return { ...toolRun(record), events };
  } finally {
    await tasks.close({ drainMs: 0 });
  }
}

function toolOf(tool: TaskTool | { readonly tasks: Tasks; readonly name: string }): TaskTool {
  if (!('tasks' in tool)) return tool;
  const found = tool.tasks.tools.get(tool.name);
  if (found === undefined) throw new TypeError(`There is no tool "${tool.name}": register it first.`);
  return found;
}

/** Answer questions until the task is over. */
async function driven(tasks: Tasks, { taskId, owner }: TaskHead, options: RunToolOptions): Promise<TaskRecord> {
  const mine = tasks.for(owner);
  // A task that is over already needs no cancel.
  const cancel = () => void mine.cancel(taskId).catch(() => undefined);
  options.signal?.addEventListener('abort', cancel);
  if (options.signal?.aborted === true) cancel();
  try {
    for (;;) {
      const wantsAttention = (head: TaskHead) => isTerminalStatus(head.status) || head.openQuestions.length > 0;
      const head = await mine.waitFor(taskId, wantsAttention, { signal: new AbortController().signal });
      if (isTerminalStatus(head.status)) return await mine.get(taskId, TASK_ENTRY_KINDS);
      await answerOpen(tasks, head, options.answers ?? {});
    }
  } finally {
    options.signal?.removeEventListener('abort', cancel);
  }
}

async function answerOpen(
  tasks: Tasks,
  { taskId, owner }: TaskHead,
  answers: Readonly<Record<string, TestAnswer>>,
): Promise<void> {
  const { head, entries } = await tasks.for(owner).get(taskId, ['question']);
  const questions = readQuestions(entries);
  const responses: Record<string, InputResponse> = {};
  for (const key of head.openQuestions) {
    const answer = Object.hasOwn(answers, key) ? answers[key] : undefined;
    const request = questions.get(key);
    if (answer === undefined || request === undefined)
      throw new TypeError(`The tool asked "${key}": give an answer for it in answers.`);
    responses[key] = typeof answer === 'function' ? await answer(request) : answer;
  }
  await tasks.for(owner).answer(taskId, responses);
}

function toolRun({ head, entries }: TaskRecord): Omit<ToolRun, 'events'> {
  const byName = (kind: string): Record<string, JsonValue> =>
    Object.fromEntries(
      entries.filter((entry) => entry.kind === kind).map(({ name, value }) => [name, fromJson(value)]),
    );
  return {
    status: head.status as ToolRun['status'],
    result: byName('result')[''] as CallToolResult | undefined,
    error: byName('error')[''] as TaskFailure | undefined,
    head,
    variables: byName('variable'),
    published: byName('published'),
    steps: Object.keys(byName('checkpoint')),
    questions: Object.fromEntries(readQuestions(entries)),
  };
}
