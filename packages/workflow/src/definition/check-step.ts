import type { TaskTool, Tasks } from '@mcp-tasks/runner';
import { askRequests } from '@mcp-tasks/runner';
import { isJsonObject, messageOf } from '@mcp-tasks/runner/engine';
import type { JsonObject } from '@mcp-tasks/wire';
import type { ArgumentBindings, ValueBinding } from './binding.ts';
import { bindValue, sourcesOf } from './binding.ts';
import type { Condition, StepDefinition } from './definition.ts';
import { fieldOf, knownJsonSchema, listedProperties, pathOf } from './json-schema.ts';
import type { Origin } from './reference.ts';
import { isWholeArguments, referenceOf } from './reference.ts';
import type { ValueSource } from './source.ts';
import { describeSource } from './source.ts';
import type { Template, TemplateTarget } from './template.ts';
import { parseTemplate } from './template.ts';

/** The workflow as far as it is defined when a step is added. */
export interface DefinedSoFar {
  readonly tasks: Tasks;
  readonly origin: Origin;
  /** JSON Schema of the prompt arguments; absent when there are none. */
  readonly argumentsSchema: JsonObject | undefined;
  readonly steps: ReadonlyMap<string, StepDefinition>;
  readonly isCompanion: (tool: string) => boolean;
  readonly canReadResources: boolean;
  readonly stepTimeoutMs: number;
}

type Fail = (problem: string) => TypeError;

/** The fields of a step as they may come from JavaScript. */
type RawOptions = Readonly<Record<string, unknown>>;

const FIELDS: ReadonlySet<string> = new Set([
  'tool',
  'client',
  'arguments',
  'guidance',
  'resources',
  'retryable',
  'when',
  'after',
  'elicit',
  'timeoutMs',
]);

/** Check what an author wrote for a step. @throws {TypeError} naming workflow, step, argument and source, and what to do. */
export function checkStep(so: DefinedSoFar, name: string, raw: unknown): StepDefinition {
  const fail: Fail = (problem) => new TypeError(`workflow "${so.origin.workflow}", step "${name}": ${problem}`);
  if (!isJsonObject(raw)) throw fail('options must be an object');
  const options: RawOptions = raw;
  const unknown = Object.keys(options).find((field) => !FIELDS.has(field));
  if (unknown !== undefined) throw fail(`there is no option \`${unknown}\``);
  checkFlags(options, fail);

  const client = options['client'] === true;
  const { toolName, tool } = checkTool(so, options['tool'], client, fail);
  const guidance = text(so, 'guidance', options['guidance'], fail);
  const question = checkQuestion(so, name, options['elicit'], fail);
  const resources = checkResources(so, options['resources'], fail);
  if (client) {
    if (toolName === undefined && guidance === undefined && question === undefined) {
      throw fail('a `client` step needs `tool`, `guidance` or `elicit`, else the client cannot know what to do');
    }
    if (resources.length > 0) throw fail('`resources` are read by the server: give them to a step of their own');
  } else {
    if (question !== undefined) throw fail('`elicit` is for steps with `client: true`');
    if (toolName === undefined && resources.length === 0) throw fail('needs `tool`, `resources` or `client: true`');
  }
  const args = checkArguments(so, { raw: options['arguments'], toolName, tool }, fail);
  const when = checkCondition(so, options['when'], fail);
  const step: StepDefinition = {
    name,
    client,
    toolName,
    tool,
    arguments: args,
    guidance,
    resources,
    retryable: options['retryable'] === true,
    when,
    after: checkAfter(so, options['after'], fail),
    question,
    timeoutMs: (options['timeoutMs'] as number | undefined) ?? so.stepTimeoutMs,
    outputSchema: knownJsonSchema(question?.schema ?? tool?.options.outputSchema),
  };
  for (const [argument, binding] of args) {
    for (const source of sourcesOf(binding))
      checkSource(so, source, (problem) => fail(`argument "${argument}": ${problem}`));
  }
  for (const [part, template] of templatesOf(step)) {
    for (const item of template.parts) {
      if (typeof item !== 'string') checkSource(so, item.source, (problem) => fail(`\`${part}\`: ${problem}`));
    }
  }
  if (when !== undefined) checkSource(so, when.source, (problem) => fail(`\`when\`: ${problem}`));
  return step;
}

function templatesOf({ guidance, question, resources }: StepDefinition): readonly (readonly [string, Template])[] {
  return [
    ...(guidance === undefined ? [] : [['guidance', guidance] as const]),
    ...(question === undefined ? [] : [['elicit', question.message] as const]),
    ...resources.map((template) => ['resources', template] as const),
  ];
}

function checkFlags(options: RawOptions, fail: Fail): void {
  for (const field of ['client', 'retryable']) {
    const value = options[field];
    if (value !== undefined && typeof value !== 'boolean') throw fail(`\`${field}\` must be true or false`);
  }
  const timeoutMs = options['timeoutMs'];
  if (timeoutMs === undefined) return;
  if (typeof timeoutMs !== 'number' || !Number.isSafeInteger(timeoutMs) || timeoutMs < 1) {
    throw fail('`timeoutMs` must be a whole number of milliseconds from 1');
  }
  if (options['client'] === true) throw fail('`timeoutMs` is for what the server runs');
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

function checkArguments(
  so: DefinedSoFar,
  { raw, toolName, tool }: { raw: unknown; toolName: string | undefined; tool: TaskTool | undefined },
  fail: Fail,
): ArgumentBindings {
  if (raw === undefined) return [];
  if (!isJsonObject(raw)) throw fail('`arguments` must be an object');
  if (toolName === undefined) throw fail('has `arguments` and no tool to call with them');
  const entries = spread(so, raw, fail).map(([name, value]): [string, ValueBinding] => [
    name,
    bindValue(so.origin, value, (problem) => fail(`argument "${name}" ${problem}`)),
  ]);
  if (tool === undefined) return entries;
  const schema = knownJsonSchema(tool.options.inputSchema) ?? (tool.options.inputSchema ? undefined : NO_ARGUMENTS);
  for (const [name] of entries) {
    if (fieldOf(schema, name) !== 'absent') continue;
    const known = Object.keys(listedProperties(schema) ?? {});
    throw fail(`argument "${name}": tool "${tool.name}" has none of this name${listed('it takes', known)}`);
  }
  return entries;
}

const NO_ARGUMENTS: JsonObject = { type: 'object', properties: {}, additionalProperties: false };

/** `arguments: args` and `arguments: config.output` pass on every field that is known of them. */
function spread(so: DefinedSoFar, raw: JsonObject, fail: Fail): readonly (readonly [string, unknown])[] {
  const reference = referenceOf(raw);
  const isArgs = isWholeArguments(raw);
  if (reference === undefined && !isArgs) return Object.entries(raw).filter(([, value]) => value !== undefined);
  const source = reference?.source;
  const output =
    source?.from === 'output' && source.path.length === 0 ? so.steps.get(source.step)?.outputSchema : undefined;
  const properties = listedProperties(isArgs ? so.argumentsSchema : output);
  if (properties === undefined) {
    throw fail('`arguments` is a reference to something whose fields are not known: name each argument');
  }
  return Object.keys(properties).map((name) => [name, raw[name]]);
}

function checkQuestion(so: DefinedSoFar, step: string, raw: unknown, fail: Fail): StepDefinition['question'] {
  if (raw === undefined) return undefined;
  if (!isJsonObject(raw)) throw fail('`elicit` must be { message, schema }');
  const message = text(so, 'elicit.message', raw['message'], fail);
  if (message === undefined) throw fail('`elicit` needs a message');
  const question = { message: '', schema: raw['schema'] as unknown };
  try {
    askRequests({ options: { ask: { [step]: question } } } as unknown as TaskTool);
  } catch (error) {
    throw fail(`\`elicit\`: ${messageOf(error)}`);
  }
  return { message, schema: question.schema as NonNullable<StepDefinition['question']>['schema'] };
}

function checkResources(so: DefinedSoFar, raw: unknown, fail: Fail): readonly Template[] {
  if (raw === undefined) return [];
  if (!Array.isArray(raw)) throw fail('`resources` must be an array of URIs');
  if (raw.length > 0 && !so.canReadResources) {
    throw fail('has `resources`, and the workflow has no `readResource` to read them with');
  }
  return raw.map((item: unknown, index) => {
    const part = `resources[${index}]`;
    const template = parsed(so, { part, target: 'uri', raw: item }, fail);
    if (!/^[A-Za-z][\w+.-]*:/.test(typeof template.parts[0] === 'string' ? template.parts[0] : '')) {
      throw fail(`\`${part}\` must be a URI that begins with its scheme, such as file:///`);
    }
    return template;
  });
}

function text(so: DefinedSoFar, part: string, raw: unknown, fail: Fail): Template | undefined {
  return raw === undefined ? undefined : parsed(so, { part, target: 'text', raw }, fail);
}

function parsed(
  so: DefinedSoFar,
  { part, target, raw }: { readonly part: string; readonly target: TemplateTarget; readonly raw: unknown },
  fail: Fail,
): Template {
  const field = target === 'uri' ? 'uri' : 'text';
  if (typeof raw !== 'string' && !isJsonObject(raw))
    throw fail(`\`${part}\` must be a text, or { ${field}, variables }`);
  const isPlain = typeof raw === 'string';
  const variables = isPlain ? {} : raw['variables'];
  if (!isJsonObject(variables)) throw fail(`\`${part}.variables\` must be an object of references`);
  const isArgument = (name: string) => fieldOf(so.argumentsSchema ?? NO_ARGUMENTS, name) !== 'absent';
  return parseTemplate(
    { origin: so.origin, target, text: isPlain ? raw : raw[field], variables, isArgument },
    (problem) => fail(`\`${part}\` ${problem}`),
  );
}

function checkCondition(so: DefinedSoFar, raw: unknown, fail: Fail): Condition | undefined {
  if (raw === undefined) return undefined;
  const refuse = () => fail('`when` must be a reference, { value, is } or { value, isNot }');
  const source = (value: unknown): ValueSource => {
    if (referenceOf(value) === undefined) throw refuse();
    const binding = bindValue(so.origin, value, (problem) => fail(`\`when\` ${problem}`));
    if (binding.kind !== 'source') throw refuse();
    return binding.source;
  };
  if (referenceOf(raw) !== undefined) return { source: source(raw), test: 'truthy' };
  if (!isJsonObject(raw)) throw refuse();
  const tests = (['is', 'isNot'] as const).filter((test) => raw[test] !== undefined);
  const [test] = tests;
  if (test === undefined || tests.length > 1) throw refuse();
  const compared = bindValue(so.origin, raw[test], (problem) => fail(`\`when.${test}\` ${problem}`));
  if (compared.kind !== 'constant') throw fail(`\`when.${test}\` must be a constant`);
  return { source: source(raw['value']), test, value: compared.value };
}

function checkAfter({ steps }: DefinedSoFar, raw: unknown, fail: Fail): readonly string[] {
  if (raw === undefined) return [];
  if (!Array.isArray(raw)) throw fail('`after` must be an array of steps');
  return raw.map((item: unknown) => {
    const name: unknown = isJsonObject(item) ? item['name'] : undefined;
    if (typeof name === 'string' && steps.has(name)) return name;
    throw fail('`after` names something that is no earlier step of this workflow');
  });
}

function checkSource(so: DefinedSoFar, source: ValueSource, fail: Fail): void {
  if (source.from === 'argument') {
    const known = Object.keys(listedProperties(so.argumentsSchema) ?? {});
    if (fieldOf(so.argumentsSchema ?? NO_ARGUMENTS, source.name) !== 'absent') return;
    throw fail(`there is no prompt argument "${source.name}"${listed('the workflow has', known)}`);
  }
  const producer = so.steps.get(source.step);
  if (producer === undefined) throw fail(`${describeSource(source)}: a step can use only steps before it`);
  if (source.from === 'variable') return;
  const { known, at } = pathOf(producer.outputSchema, source.path);
  if (known === 'absent') throw fail(`there is no field ${at.join('.')} in the output of step ${source.step}`);
}

function listed(verb: string, names: readonly string[]): string {
  return names.length === 0 ? '' : ` (${verb} ${names.join(', ')})`;
}
