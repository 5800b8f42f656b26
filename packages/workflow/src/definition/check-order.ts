import { isJsonObject } from '@mcp-tasks/wire';
import { bindValue } from './binding.ts';
import { checkSource } from './check-source.ts';
import type { DefinedSoFar, Fail } from './defined-so-far.ts';
import type { Condition } from './definition.ts';
import { referenceOf } from './reference.ts';
import type { ValueSource } from './source.ts';

/** Check the condition of a step. */
export function checkCondition(so: DefinedSoFar, raw: unknown, fail: Fail): Condition | undefined {
  if (raw === undefined) return undefined;
  const refuse = () => fail('`when` must be a reference, { value, is } or { value, isNot }');
  const source = (value: unknown): ValueSource => {
    if (referenceOf(value) === undefined) throw refuse();
    const binding = bindValue(so.origin, value, (problem) => fail(`\`when\` ${problem}`));
    if (binding.kind !== 'source') throw refuse();
    checkSource(so, binding.source, (problem) => fail(`\`when\`: ${problem}`));
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

/** Check the steps that a step comes after. */
export function checkAfter({ origin, steps }: DefinedSoFar, raw: unknown, fail: Fail): readonly string[] {
  if (raw === undefined) return [];
  if (!Array.isArray(raw)) throw fail('`after` must be an array of steps');
  return raw.map((item: unknown) => {
    const { name, output } = isJsonObject(item) ? item : {};
    const isOurs = referenceOf(output)?.origin === origin;
    if (isOurs && typeof name === 'string' && steps.has(name)) return name;
    throw fail('`after` names something that is no earlier step of this workflow');
  });
}
