import type { TaskTool } from '@mcp-tasks/runner';
import { isJsonObject, type JsonObject } from '@mcp-tasks/wire';
import { type ArgumentBindings, bindValue, sourcesOf, type ValueBinding } from './binding.ts';
import { checkSource } from './check-source.ts';
import { type DefinedSoFar, type Fail, listed, NO_ARGUMENTS } from './defined-so-far.ts';
import { fieldOf, knownJsonSchema, listedProperties } from './json-schema.ts';
import { isWholeArguments, referenceOf } from './reference.ts';

/** Check the arguments of a step: the tool has them, and what they are made of is there. */
export function checkArguments(
  so: DefinedSoFar,
  { raw, toolName, tool }: { raw: unknown; toolName: string | undefined; tool: TaskTool | undefined },
  fail: Fail,
): ArgumentBindings {
  if (raw === undefined) return [];
  if (!isJsonObject(raw)) throw fail('`arguments` must be an object');
  if (toolName === undefined) throw fail('it has `arguments` and no tool to call with them');
  const entries = spread(so, raw, fail).map(([name, value]): [string, ValueBinding] => [
    name,
    bindValue(so.origin, value, (problem) => fail(`argument "${name}" ${problem}`)),
  ]);
  for (const [name, binding] of entries) {
    const failArgument: Fail = (problem) => fail(`argument "${name}": ${problem}`);
    for (const source of sourcesOf(binding)) checkSource(so, source, failArgument);
  }
  if (tool === undefined) return entries;
  const schema = knownJsonSchema(tool.options.inputSchema) ?? (tool.options.inputSchema ? undefined : NO_ARGUMENTS);
  for (const [name] of entries) {
    if (fieldOf(schema, name) !== 'absent') continue;
    const known = Object.keys(listedProperties(schema) ?? {});
    throw fail(`argument "${name}": tool "${tool.name}" has none of this name${listed('it takes', known)}`);
  }
  return entries;
}

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
