import type { AuthorSchema, ToolCall } from '@mcp-tasks/runner';
import { TaskError } from '@mcp-tasks/store';
import type { Workflow, WorkflowView } from '@mcp-tasks/workflow/serving';
import type { GetPromptResult, McpServer, ServerContext, StandardSchemaWithJSON } from '@modelcontextprotocol/server';
import { readCallMeta } from '../request/call-meta.ts';
import { calledBy } from '../request/caller.ts';
import { inlineHost } from '../request/inline-host.ts';
import { readArguments, type TaskRequest } from '../request/task-request.ts';
import { runWorkflow } from './run-workflow.ts';
import { MALFORMED_REFERENCE, readWorkflowReference } from './serving/workflow-reference.ts';
import { becomesTask, workflowAnswerMeta, type WorkflowServing } from './serving/workflow-serving.ts';

/** Serves the prompt of a workflow. */
type ServePrompt = (context: ServerContext) => Promise<GetPromptResult>;

/** Register the prompt of a workflow. */
export function registerPrompt(mcp: McpServer, workflow: Workflow, serve: ServePrompt): void {
  const { name, title, description, icons, _meta, argumentsSchema } = workflow;
  const config = { title, description, icons, _meta, argsSchema: argumentsSchema && withoutCheck(argumentsSchema) };
  // The SDK calls back with the arguments if there is a schema, and always with its context last.
  const callback = (...parameters: unknown[]) => serve(parameters.at(-1) as ServerContext);
  mcp.registerPrompt(name, config as { argsSchema: StandardSchemaWithJSON }, callback);
}

/**
 * Answer `prompts/get`: with the conversation of the workflow's task, or of a run that nothing is kept of.
 *
 * @throws {TaskError} as `runWorkflow`; IDEMPOTENCY_KEY_INVALID
 */
export async function getPrompt(
  serving: WorkflowServing,
  workflow: Workflow,
  request: TaskRequest,
  context: ServerContext,
): Promise<GetPromptResult> {
  const meta = readCallMeta(request.params);
  const call: ToolCall = {
    tool: workflow.name,
    ...calledBy(serving.host, request),
    arguments: readArguments(request.params),
    ...meta,
  };
  const inline = inlineHost(request, meta, context);
  if (!becomesTask(workflow, request)) return promptResult(await serving.engine.runPlain(call, inline));
  const reference = readWorkflowReference(request.params);
  if (reference === 'malformed') throw new TaskError('INVALID_ARGUMENTS', MALFORMED_REFERENCE);
  const view = await runWorkflow(serving, { call, reference, request, context, inline });
  return { ...promptResult(view), _meta: { ...workflowAnswerMeta(request, view.meta) } };
}

function promptResult(answer: Pick<WorkflowView, 'description' | 'messages'>): GetPromptResult {
  return { description: answer.description, messages: answer.messages.map((message) => ({ ...message })) };
}

/**
 * Describes the arguments but lets all pass: they are checked when a task is made of them, and a resumed one needs
 * none.
 */
function withoutCheck(schema: AuthorSchema): AuthorSchema {
  const standard = { ...schema['~standard'], validate: (value: unknown) => ({ value }) };
  // The SDK reads completions from the properties of the schema itself.
  return Object.create(schema, { '~standard': { value: standard } }) as AuthorSchema;
}
