import type {
  CallToolResult,
  GetPromptResult,
  InputRequiredResult,
  McpServer,
  ServerContext,
  StandardSchemaWithJSON,
} from '@modelcontextprotocol/server';
import { isFault, toErrorObject, toProtocolError } from '../request/errors.ts';
import type { TaskRequest } from '../request/task-request.ts';
import { CONTINUE_ARGUMENTS, type ContinueArguments } from './continue/continue-arguments.ts';
import { continueWorkflow } from './continue/continue-tool.ts';
import { failed } from './continue/continued-answer.ts';
import type { WorkflowServing } from './serving/workflow-serving.ts';
import { getPrompt, registerPrompt } from './workflow-prompt.ts';

const CONTINUE_DESCRIPTION =
  'Do one step of a workflow that was handed over to you, and record what it came to, so that the workflow goes on. ' +
  'The hand-off of the workflow names the task, the steps that remain and their arguments: do them one at a time, in that order. ' +
  "If the step's tool is one of this server, it is run with `arguments` and its result is recorded. " +
  'If not, do the step by your own means first and pass its result as `arguments`. ' +
  'A step that failed is done again by the same call. Answers with the result, what was recorded and what remains. ' +
  'Without a step it waits for the workflow for a while, and answers how far it is, or its result when it has ended.';

/** The request that a callback of the SDK serves. @throws {TaskError} RUN_ENDED - it was given up. */
type RequestOf = (context: ServerContext) => TaskRequest;

/** Register the prompts of the workflows, and the tool by which a model continues one. */
export function attachWorkflows(mcp: McpServer, serving: WorkflowServing, requestOf: RequestOf): void {
  for (const workflow of serving.workflows.values()) {
    registerPrompt(mcp, workflow, (context) =>
      servePrompt(serving, () => getPrompt(serving, workflow, requestOf(context), context)),
    );
  }
  const { continueTool } = serving.settings;
  if (continueTool === undefined) return;
  const config = {
    title: 'Continue a workflow',
    description: CONTINUE_DESCRIPTION,
    inputSchema: CONTINUE_ARGUMENTS as StandardSchemaWithJSON<unknown, ContinueArguments>,
  };
  mcp.registerTool(continueTool, config, async (input, context) => {
    const run = () => continueWorkflow(serving, { input, context, request: requestOf(context) });
    return (await answered(serving, run)) as CallToolResult | InputRequiredResult;
  });
}

async function servePrompt(serving: WorkflowServing, get: () => Promise<GetPromptResult>): Promise<GetPromptResult> {
  try {
    return await get();
  } catch (error) {
    if (isFault(error)) serving.host.reportError(error);
    throw toProtocolError(error);
  }
}

/** A model reads results, not JSON-RPC errors; of faults of ours it learns no more than in those. */
async function answered(
  serving: WorkflowServing,
  run: () => ReturnType<typeof continueWorkflow>,
): ReturnType<typeof continueWorkflow> {
  try {
    return await run();
  } catch (error) {
    if (isFault(error)) serving.host.reportError(error);
    return failed(toErrorObject(error).message);
  }
}
