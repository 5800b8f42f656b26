import type { CallToolResult, InputRequest, InputResponse } from '@mcp-tasks/wire';
import type { Elicited, ParkedRun, TaskContext } from '../api/task-context.ts';
import { type HandlerResult, returnedOutcome } from '../tool/outcome.ts';
import { parseArguments } from '../tool/parse-arguments.ts';
import { toElicited } from '../tool/question-answer.ts';
import { askRequests } from '../tool/question-form.ts';
import { EffectWatch } from './effect-watch.ts';
import { handlerContext, parkedMessage } from './handler-context.ts';
import type { HandlerHost } from './handler-host.ts';
import { QuestionKeys } from './question-keys.ts';

/** How an execution of a handler ended. */
export type Execution = HandlerResult | { readonly kind: 'parked'; readonly message: string };

type AnyHandler = (
  args: unknown,
  task: TaskContext,
) => CallToolResult | ParkedRun | Promise<CallToolResult | ParkedRun>;

/** Run a tool's handler once: arguments, declared questions, handler, result. Throws what the handler throws. */
export async function executeTool(host: HandlerHost): Promise<Execution> {
  const { tool, entries, layer } = host;
  const args = host.parsedArguments ?? (await parseArguments(tool, entries.call.arguments));
  const keys = new QuestionKeys();
  const answers = tool.options.ask === undefined ? {} : await askedAnswers(host, keys);
  const watch = new EffectWatch(host);
  const task = handlerContext(host, { watch, keys, answers });
  let value: unknown;
  try {
    value = await (tool.handler as AnyHandler)(args, task);
  } catch (error) {
    watch.over('threw');
    throw error;
  }
  watch.over('returned');
  const message = parkedMessage(value);
  return message === undefined
    ? returnedOutcome(tool, value, layer.limits.maxResultBytes)
    : { kind: 'parked', message };
}

/** The answers to the tool's declared questions: those that came with the call, the others asked now, all at once. */
async function askedAnswers(host: HandlerHost, keys: QuestionKeys): Promise<Record<string, Elicited<unknown>>> {
  const { tool, entries, taskId } = host;
  const given = entries.call.answers ?? {};
  const answer = async (key: string, request: InputRequest): Promise<[string, Elicited<unknown>]> => {
    keys.use(taskId, key);
    const response: InputResponse = Object.hasOwn(given, key)
      ? (given[key] ?? {})
      : await host.questions.ask(key, request);
    const question = tool.options.ask?.[key];
    return [
      key,
      question === undefined ? (response as Elicited<unknown>) : await toElicited(key, question.schema, response),
    ];
  };
  const answered = await Promise.all(Object.entries(askRequests(tool)).map(([key, request]) => answer(key, request)));
  return Object.fromEntries(answered);
}
