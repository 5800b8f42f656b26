import { TaskError } from '@mcp-tasks/store';
import { checkOwner, grantTtl, oversizeError, oversizeOf } from '@mcp-tasks/store/rules';
import type { TaskTool, ToolCall } from '../api/tool.ts';
import { toJson } from '../tool/json.ts';
import { parseArguments } from '../tool/parse-arguments.ts';
import { answerInvalid } from '../tool/question-answer.ts';
import { askRequests, checkAnswer } from '../tool/question-form.ts';
import type { TaskLayer } from './task-layer.ts';

/** A call that may be made: arguments parsed, sizes checked, authorized. */
export interface CheckedCall {
  readonly call: ToolCall;
  readonly tool: TaskTool;
  /** The arguments as the tool's schema parsed them. */
  readonly parsed: unknown;
  readonly lifetime: ReturnType<typeof grantTtl>;
}

/**
 * Check a call, of a task or inline, before any work is done.
 *
 * @throws {TaskError} TOOL_NOT_FOUND, OWNER_INVALID, INVALID_TTL, CALLER_INVALID, ARGUMENTS_TOO_LARGE,
 * INVALID_ARGUMENTS,
 *   TASK_ANSWER_INVALID; every error of `authorize`.
 */
export async function checkCall(layer: TaskLayer, call: ToolCall): Promise<CheckedCall> {
  const tool = layer.registry.get(call.tool);
  const { maxOwnerBytes, maxCallerBytes, maxArgumentsBytes } = layer.limits;
  checkOwner(call.owner, maxOwnerBytes);
  const lifetime = grantTtl({ requestedTtlMs: call.requestedTtlMs, ttlMs: tool.options.ttlMs }, layer.limits);
  checkSize('CALLER_INVALID', 'The caller value', call.caller, maxCallerBytes);
  checkSize('ARGUMENTS_TOO_LARGE', `The arguments of tool "${tool.name}"`, call.arguments, maxArgumentsBytes);
  const parsed = await parseArguments(tool, call.arguments);
  checkAnswers(tool, call, maxArgumentsBytes);
  const { owner, caller, arguments: args, trace } = call;
  const via = call.workflow === undefined ? 'call' : 'continuation';
  const authorized = layer.authorize({ owner, caller, tool: tool.name, arguments: args, via }, { trace });
  if (authorized !== undefined) await authorized;
  return { call, tool, parsed, lifetime };
}

function checkSize(
  code: 'CALLER_INVALID' | 'ARGUMENTS_TOO_LARGE',
  what: string,
  value: unknown,
  limitBytes: number,
): void {
  let text: string | undefined;
  try {
    text = toJson(value, what);
  } catch (error) {
    throw new TaskError(code === 'CALLER_INVALID' ? code : 'INVALID_ARGUMENTS', (error as TaskError).message, {
      cause: error,
    });
  }
  const size = oversizeOf(text ?? '', limitBytes);
  if (size !== undefined) throw oversizeError(code, what, size);
}

/** Check that answers which came with the call fit. An answer to a key that the tool does not ask is ignored. */
function checkAnswers(tool: TaskTool, { answers = {} }: ToolCall, limitBytes: number): void {
  for (const [key, request] of Object.entries(askRequests(tool))) {
    if (!Object.hasOwn(answers, key)) continue;
    const problem = checkAnswer(request, answers[key], limitBytes);
    if (problem !== undefined) throw answerInvalid(key, problem);
  }
}
