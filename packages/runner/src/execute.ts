import { TaskError } from '@mcp-tasks/store';
import type { CallToolResult, InputRequest, InputResponse } from '@mcp-tasks/wire';
import { HandlerContext, parkedMessage } from './context.ts';
import { toElicited } from './elicited.ts';
import { returnedOutcome } from './outcome.ts';
import type { RunOutcome } from './outcome.ts';
import { askRequests } from './questions.ts';
import { QuestionKeys } from './run-questions.ts';
import type { RunHost } from './run-host.ts';
import { formatIssues, parseWith } from './schema.ts';
import type { Elicited, ParkedRun, TaskContext } from './task-context.ts';
import type { TaskTool } from './tool.ts';

/** How an execution of a handler ended. */
export type Execution = RunOutcome | { readonly kind: 'parked'; readonly message: string };

type AnyHandler = (
  args: unknown,
  task: TaskContext,
) => CallToolResult | ParkedRun | Promise<CallToolResult | ParkedRun>;

/** Run a tool's handler once: arguments, declared questions, handler, result. Throws what the handler throws. */
export async function executeTool(host: RunHost): Promise<Execution> {
  const { tool, entries, limits } = host;
  const args = host.parsedArguments ?? (await parseArguments(tool, entries.call.arguments));
  const keys = new QuestionKeys();
  const answers = tool.options.ask === undefined ? {} : await askedAnswers(host, keys);
  const value: unknown = await (tool.handler as AnyHandler)(args, new HandlerContext(host, keys, answers));
  const message = parkedMessage(value);
  return message === undefined ? returnedOutcome(tool, value, limits.maxResultBytes) : { kind: 'parked', message };
}

/**
 * Check arguments with the tool's schema.
 *
 * @throws {TaskError} INVALID_ARGUMENTS - with the text of the MCP SDK.
 */
export async function parseArguments(tool: TaskTool, args: unknown): Promise<unknown> {
  const { inputSchema } = tool.options;
  if (inputSchema === undefined) return {};
  const parsed = await parseWith(inputSchema, args);
  if (parsed.issues === undefined) return parsed.value;
  throw new TaskError(
    'INVALID_ARGUMENTS',
    `Input validation error: Invalid arguments for tool ${tool.name}: ${formatIssues(parsed.issues)}`,
    { details: { tool: tool.name } },
  );
}

/** The answers to the tool's declared questions: those that came with the call, the others asked now, all at once. */
async function askedAnswers(host: RunHost, keys: QuestionKeys): Promise<Record<string, Elicited<unknown>>> {
  const { tool, entries, taskId } = host;
  const given = entries.call.answers ?? {};
  const answer = async (key: string, request: InputRequest): Promise<[string, Elicited<unknown>]> => {
    keys.use(taskId, key);
    const response: InputResponse = Object.hasOwn(given, key) ? (given[key] ?? {}) : await host.ask(key, request);
    const question = tool.options.ask?.[key];
    return [
      key,
      question === undefined ? (response as Elicited<unknown>) : await toElicited(key, question.schema, response),
    ];
  };
  const answered = await Promise.all(Object.entries(askRequests(tool)).map(([key, request]) => answer(key, request)));
  return Object.fromEntries(answered);
}
