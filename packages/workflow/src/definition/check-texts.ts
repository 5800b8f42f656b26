import type { AuthorSchema } from '@mcp-tasks/runner';
import { elicitRequest, messageOf } from '@mcp-tasks/runner/engine';
import { checkOptions, isJsonObject, option, type OptionTableOf } from '@mcp-tasks/wire';
import type { StepQuestion } from '../api/step-options.ts';
import { checkSource } from './check-source.ts';
import { type DefinedSoFar, type Fail, NO_ARGUMENTS } from './defined-so-far.ts';
import type { StepDefinition } from './definition.ts';
import { fieldOf } from './json-schema.ts';
import { parseTemplate, type Template, type TemplateTarget } from './template.ts';

const QUESTION_OPTIONS: OptionTableOf<StepQuestion<unknown>> = { message: option.any, schema: option.any };

/** Check the question of a step: a form that clients can show, and a message that can be filled in. */
export function checkQuestion(so: DefinedSoFar, step: string, raw: unknown, fail: Fail): StepDefinition['question'] {
  if (raw === undefined) return undefined;
  if (!isJsonObject(raw)) throw fail('`elicit` must be { message, schema }');
  checkOptions(`Workflow "${so.origin.workflow}", step "${step}", elicit`, raw, QUESTION_OPTIONS);
  const message = checkText(so, 'elicit.message', raw['message'], fail);
  if (message === undefined) throw fail('`elicit` needs a message');
  const schema = raw['schema'] as unknown as AuthorSchema; // the next lines refuse what is not a schema
  try {
    elicitRequest(step, { message: '', schema });
  } catch (error) {
    throw fail(`\`elicit\`: ${messageOf(error)}`);
  }
  return { message, schema };
}

/** Check the URIs of the resources that a step reads. */
export function checkResources(so: DefinedSoFar, raw: unknown, fail: Fail): readonly Template[] {
  if (raw === undefined) return [];
  if (!Array.isArray(raw)) throw fail('`resources` must be an array of URIs');
  if (raw.length > 0 && !so.canReadResources) {
    throw fail('it has `resources`, and the workflow has no `readResource` to read them with');
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

/** Check a text, which may be a template. */
export function checkText(so: DefinedSoFar, part: string, raw: unknown, fail: Fail): Template | undefined {
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
  const template = parseTemplate(
    { origin: so.origin, target, text: isPlain ? raw : raw[field], variables, isArgument },
    (problem) => fail(`\`${part}\` ${problem}`),
  );
  for (const item of template.parts) {
    if (typeof item !== 'string') checkSource(so, item.source, (problem) => fail(`\`${part}\`: ${problem}`));
  }
  return template;
}
