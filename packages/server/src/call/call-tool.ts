import type { TaskTool, ToolCall } from '@mcp-tasks/runner';
import { TaskError } from '@mcp-tasks/store';
import type { CallToolResult, InputRequiredResult, ServerContext } from '@modelcontextprotocol/server';
import { askFirst } from '../request/ask-first.ts';
import { calledBy } from '../request/caller.ts';
import { declaresTasksExtension, type Question, tasksExtensionRequired } from '../request/client-capabilities.ts';
import { inlineHost } from '../request/inline-host.ts';
import type { TaskHost } from '../request/task-host.ts';
import { readArguments } from '../request/task-request.ts';
import type { CallSlot } from './call-slot.ts';

/** Placeholder for the SDK where the slot holds the answer: it passes an output schema, and never goes out. */
const PLACEHOLDER: CallToolResult = { content: [], isError: true };

/** Serve a call whose arguments the SDK found right, as its slot has planned it. */
export async function callTool(
  host: TaskHost,
  tool: TaskTool,
  slot: CallSlot,
  context: ServerContext,
): Promise<CallToolResult | InputRequiredResult> {
  slot.begin();
  const { plan, request } = slot;
  if (plan.mode === 'refuse') return PLACEHOLDER;
  try {
    const asksFirst = tool.options.ask !== undefined && request.generation === '2026-07-28';
    const asked = asksFirst ? askFirst(tool, request.params) : undefined;
    if (asked?.status === 'asking') return asked.result;
    const call: ToolCall = {
      tool: tool.name,
      ...calledBy(host, request),
      arguments: readArguments(request.params),
      requestedTtlMs: plan.requestedTtlMs,
      idempotencyKey: plan.meta.idempotencyKey,
      answers: asked?.answers,
      progressToken: plan.meta.progressToken,
      trace: plan.meta.trace,
    };
    if (plan.mode === 'inline') {
      const inside = inlineHost(request, plan.meta, context);
      const run = slot.workflow?.run(call, inside, context) ?? host.tasks.runInline(call, inside);
      return (await run) as CallToolResult;
    }
    slot.create(tool, await host.tasks.startTask(call));
  } catch (error) {
    if (TaskError.is(error, 'INPUT_UNSUPPORTED')) return unsupportedInput(slot, error);
    slot.fail(error);
  }
  return PLACEHOLDER;
}

/** The questions that a run inside its request could not ask. */
function refusedQuestions({ details: { questions } }: TaskError): Question[] {
  const all = (Array.isArray(questions) ? questions : []) as unknown as readonly UnsupportedQuestion[]; // as the runner fills it
  return all.map(({ method, mode }) => ({ method, params: { mode } }));
}

/** A question, as the details of INPUT_UNSUPPORTED name it. */
interface UnsupportedQuestion {
  readonly method: string;
  readonly mode?: string | undefined;
}

/**
 * A tool asked inside a request that cannot carry questions: with the tasks extension it could, if the client lacks
 * just that.
 */
function unsupportedInput(slot: CallSlot, error: TaskError): CallToolResult {
  const { generation, clientCapabilities } = slot.request;
  if (generation === '2026-07-28' && !declaresTasksExtension(clientCapabilities)) {
    slot.fail(tasksExtensionRequired(refusedQuestions(error), clientCapabilities));
    return PLACEHOLDER;
  }
  return { content: [{ type: 'text', text: error.message }], isError: true };
}
