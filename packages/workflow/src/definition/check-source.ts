import { type DefinedSoFar, type Fail, listed, NO_ARGUMENTS } from './defined-so-far.ts';
import { fieldOf, listedProperties, pathOf } from './json-schema.ts';
import type { ValueSource } from './source.ts';

/** Check that a source is there: a prompt argument, or an earlier step and a field that its output may have. */
export function checkSource(so: DefinedSoFar, source: ValueSource, fail: Fail): void {
  if (source.from === 'argument') {
    const known = Object.keys(listedProperties(so.argumentsSchema) ?? {});
    if (fieldOf(so.argumentsSchema ?? NO_ARGUMENTS, source.name) !== 'absent') return;
    throw fail(`there is no prompt argument "${source.name}"${listed('the workflow has', known)}`);
  }
  const producer = so.steps.get(source.step);
  if (producer === undefined) throw fail(`it uses step "${source.step}": a step can use only steps before it`);
  if (source.from === 'variable') return;
  const { known, at } = pathOf(producer.outputSchema, source.path);
  if (known === 'absent') throw fail(`there is no field "${at.join('.')}" in the output of step "${source.step}"`);
}
