import type { AuthorSchema, SchemaOutput, Tasks } from '@mcp-tasks/runner';
import { checkName, checkTasksCopy, sentence } from '@mcp-tasks/runner/engine';
import { checkOptions, type JsonObject, option, type OptionTableOf } from '@mcp-tasks/wire';
import type { Step } from './api/reference-types.ts';
import type { WorkflowBuilder } from './api/step-options.ts';
import type { Workflow } from './api/workflow-engine.ts';
import type { WorkflowOptions } from './api/workflow-options.ts';
import { checkStep } from './definition/check-step.ts';
import type { DefinedSoFar } from './definition/defined-so-far.ts';
import type { StepDefinition, WorkflowDefinition } from './definition/definition.ts';
import { fingerprintOf } from './definition/fingerprint.ts';
import { checkPromptArguments } from './definition/prompt-arguments.ts';
import { argumentReferences, makeReference, type Origin } from './definition/reference.ts';
import { definitionsOf, register } from './definition/registered.ts';
import { companionHandler } from './engine/companion.ts';

const DEFAULT_STEP_TIMEOUT_MS = 5 * 60_000;

const WORKFLOW_OPTIONS: OptionTableOf<WorkflowOptions> = {
  title: option.text,
  description: option.text,
  // Its own check follows.
  arguments: option.any,
  instructions: option.text,
  ttlMs: option.integer(1),
  keepResultMs: option.integer(0),
  pollIntervalMs: option.integer(1),
  durable: option.flag,
  stepTimeoutMs: option.integer(1),
  readResource: option.callback,
  icons: option.list,
  _meta: option.object,
};

/**
 * Register a workflow: a prompt that starts a task, does every step that the server can do, and hands the rest to the
 * client. It comes with a companion tool of the same name and arguments, whose result is that of the workflow.
 *
 * The plan is made once, here: `build` is called once and adds the steps in order.
 *
 * @example
 * const validateConfig = tasks.tool(
 *   'validate_config',
 *   { inputSchema: z.object({ region: z.string() }), outputSchema: z.object({ replicas: z.number() }) },
 *   () => ({ content: [], structuredContent: { replicas: 3 } }),
 * );
 * workflow(tasks, 'deploy_service', { description: 'Deploy', arguments: z.object({ region: z.string() }) }, ({ args,
 * step }) => {
 *   const config = step('validate_config', { tool: validateConfig, arguments: { region: args.region } });
 *   step('notify', { client: true, tool: 'notify', arguments: { replicas: config.output.replicas } });
 * });
 *
 * @throws {TypeError} the definition has a fault: the message names workflow, step, argument and source, and what to
 * do;
 *   {RangeError} a number is out of range.
 * @throws {TaskError} COPIES_MIXED - `tasks` or a reference comes from another copy of its package.
 */
export function workflow<Schema extends AuthorSchema<unknown, object> = AuthorSchema<unknown, object>>(
  tasks: Tasks,
  name: string,
  options: WorkflowOptions<Schema>,
  build: (builder: WorkflowBuilder<SchemaOutput<Schema>>) => void,
): Workflow {
  const fail = (problem: string) => new TypeError(sentence(`Workflow "${name}": ${problem}`));
  checkTasksCopy(tasks);
  checkName(`Workflow "${name}": the name`, name);
  const given: unknown = options;
  if (given === undefined) throw fail('the options must be an object with a `description`');
  checkOptions(`Workflow "${name}"`, given, WORKFLOW_OPTIONS);
  if (typeof options.description !== 'string' || options.description === '') throw fail('`description` must be a text');
  if (typeof build !== 'function') throw fail('it needs a function that adds its steps');
  const argumentsSchema = options.arguments === undefined ? undefined : checkPromptArguments(options.arguments, fail);
  const origin: Origin = { workflow: name };
  const steps = defineSteps(
    {
      tasks,
      origin,
      argumentsSchema,
      isCompanion: (tool) => tool === name || definitionsOf(tasks).has(tool),
      canReadResources: options.readResource !== undefined,
      stepTimeoutMs: options.stepTimeoutMs ?? DEFAULT_STEP_TIMEOUT_MS,
    },
    build as (builder: WorkflowBuilder<unknown>) => unknown,
    fail,
  );
  const definition = assemble(name, options, steps);
  registerCompanion(tasks, definition, options);
  register(tasks, definition);
  return definition.workflow;
}

function defineSteps(
  so: Omit<DefinedSoFar, 'steps'>,
  build: (builder: WorkflowBuilder<unknown>) => unknown,
  fail: (problem: string) => TypeError,
): readonly StepDefinition[] {
  const { origin } = so;
  const steps = new Map<string, StepDefinition>();
  let isOpen = true;
  const step = (stepName: string, options: unknown): Step => {
    if (!isOpen) throw fail(`step "${stepName}" is added after the workflow was defined, outside of its function`);
    checkStepName(origin, stepName, fail);
    if (steps.has(stepName)) throw fail(`there are two steps "${stepName}": names of steps are unique`);
    steps.set(stepName, checkStep({ ...so, steps }, stepName, options));
    return {
      name: stepName,
      output: makeReference(origin, { from: 'output', step: stepName, path: [] }),
      variable: (variable) => makeReference(origin, { from: 'variable', step: stepName, name: variable, path: [] }),
    };
  };
  const returned = build({
    args: argumentReferences(origin),
    step: step as WorkflowBuilder<unknown>['step'],
  });
  isOpen = false;
  if (returned instanceof Promise) {
    returned.catch(() => undefined);
    throw fail('the function that adds the steps must not be async');
  }
  if (steps.size === 0) throw fail('it has no steps: add one');
  return [...steps.values()];
}

function checkStepName({ workflow: workflowName }: Origin, name: unknown, fail: (problem: string) => TypeError): void {
  const fits = typeof name === 'string' && /^[^/\p{Cc}\p{Cs}\u2028\u2029]{1,128}$/u.test(name) && name.trim() === name;
  if (!fits) {
    throw fail(
      `the name of a step must have 1 to 128 characters without "/" and line breaks, not ${JSON.stringify(name)}`,
    );
  }
  checkName(`Workflow "${workflowName}", step "${name}": the name`, name);
}

function assemble(name: string, options: WorkflowOptions, steps: readonly StepDefinition[]): WorkflowDefinition {
  const { title, description, icons, _meta, durable = true, instructions, keepResultMs, readResource } = options;
  return {
    workflow: {
      name,
      title,
      description,
      icons,
      _meta,
      argumentsSchema: options.arguments,
      durable,
    },
    instructions,
    keepResultMs,
    readResource,
    steps,
    fingerprint: fingerprintOf(steps),
  };
}

function registerCompanion(tasks: Tasks, definition: WorkflowDefinition, options: WorkflowOptions): void {
  const { title, description, ttlMs, keepResultMs, pollIntervalMs, icons, _meta } = options;
  tasks.tool(
    definition.workflow.name,
    {
      title,
      description,
      icons,
      _meta,
      ttlMs,
      keepResultMs,
      pollIntervalMs,
      inputSchema: options.arguments as AuthorSchema<unknown, JsonObject> | undefined,
      taskSupport: definition.workflow.durable ? 'optional' : 'forbidden',
      onCrash: 'rerun',
    },
    companionHandler(tasks, definition),
  );
}
