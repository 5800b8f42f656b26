import type { TaskTool } from '@mcp-tasks/runner';
import { sentence } from '@mcp-tasks/runner/engine';
import { checkOptions, isJsonObject, option, type OptionTableOf } from '@mcp-tasks/wire';
import type { ServerStep } from '../api/step-options.ts';
import { checkArguments } from './check-arguments.ts';
import { checkAfter, checkCondition } from './check-order.ts';
import { checkQuestion, checkResources, checkText } from './check-texts.ts';
import type { DefinedSoFar, Fail } from './defined-so-far.ts';
import type { StepDefinition } from './definition.ts';
import { knownJsonSchema } from './json-schema.ts';

/** The fields of a step as they may come from JavaScript. */
type RawOptions = Readonly<Record<string, unknown>>;

/** The options of a step; those of any kind have a check of their own. */
const STEP_OPTIONS: OptionTableOf<ServerStep<unknown, unknown>> = {
  tool: option.any,
  client: option.flag,
  arguments: option.any,
  guidance: option.any,
  resources: option.any,
  retryable: option.flag,
  when: option.any,
  after: option.any,
  elicit: option.any,
  timeoutMs: option.integer(1),
};

/**
 * Check what an author wrote for a step. @throws {TypeError} naming workflow, step, argument and source, and what to
 * do.
 */
export function checkStep(so: DefinedSoFar, name: string, raw: unknown): StepDefinition {
  const fail: Fail = (problem) =>
    new TypeError(sentence(`Workflow "${so.origin.workflow}", step "${name}": ${problem}`));
  if (!isJsonObject(raw)) throw fail('the options must be an object');
  const options: RawOptions = raw;
  checkOptions(`Workflow "${so.origin.workflow}", step "${name}"`, options, STEP_OPTIONS);
  if (options['client'] === true && options['timeoutMs'] !== undefined) {
    throw fail('`timeoutMs` is for what the server runs');
  }

  const client = options['client'] === true;
  const { toolName, tool } = checkTool(so, options['tool'], client, fail);
  const guidance = checkText(so, 'guidance', options['guidance'], fail);
  const question = checkQuestion(so, name, options['elicit'], fail);
  const resources = checkResources(so, options['resources'], fail);
  if (client) {
    if (toolName === undefined && guidance === undefined && question === undefined) {
      throw fail('a `client` step needs `tool`, `guidance` or `elicit`, else the client cannot know what to do');
    }
    if (resources.length > 0) throw fail('`resources` are read by the server: give them to a step of their own');
  } else {
    if (question !== undefined) throw fail('`elicit` is for steps with `client: true`');
    if (toolName === undefined && resources.length === 0) throw fail('it needs `tool`, `resources` or `client: true`');
  }
  return {
    name,
    client,
    toolName,
    tool,
    arguments: checkArguments(so, { raw: options['arguments'], toolName, tool }, fail),
    guidance,
    resources,
    retryable: options['retryable'] === true,
    when: checkCondition(so, options['when'], fail),
    after: checkAfter(so, options['after'], fail),
    question,
    timeoutMs: (options['timeoutMs'] as number | undefined) ?? so.stepTimeoutMs,
    outputSchema: knownJsonSchema(question?.schema ?? tool?.options.outputSchema),
  };
}

function checkTool(
  { tasks, isCompanion }: DefinedSoFar,
  raw: unknown,
  client: boolean,
  fail: Fail,
): { readonly toolName?: string | undefined; readonly tool?: TaskTool | undefined } {
  if (raw === undefined) return {};
  const toolName = typeof raw === 'string' ? raw : isJsonObject(raw) ? raw['name'] : undefined;
  if (typeof toolName !== 'string' || toolName === '') {
    throw fail('`tool` must be what `tasks.tool` returned, or the name of a tool of the client');
  }
  if (isCompanion(toolName)) throw fail(`tool "${toolName}" is a workflow: a step cannot run another workflow`);
  const tool = tasks.tools.get(toolName);
  if (typeof raw === 'string') {
    if (client) return { toolName, tool };
    throw fail(
      `tool "${toolName}" is given by name, which is for steps with \`client: true\`: pass what \`tasks.tool\` returned`,
    );
  }
  if (tool !== raw) throw fail(`tool "${toolName}" is not registered in these tasks: register it there first`);
  return { toolName, tool };
}
