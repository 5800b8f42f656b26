import { applyHeadPatch, type TaskEntry, type TaskHead } from '../../src/index.ts';
import type { Rule, Verdict } from '../../src/rules.ts';

export type Written<Value> = Extract<Verdict<Value>, { readonly kind: 'write' }>;

/** The write that a rule decides on; fails the test when it decides otherwise. */
export function written<Value>(verdict: Verdict<Value>): Written<Value> {
  if (verdict.kind === 'refused') throw verdict.error;
  if (verdict.kind === 'done') throw new RangeError(`nothing to write: ${JSON.stringify(verdict.value)}`);
  return verdict;
}

/** The head after the write that a rule decides on. */
export function after<Value>(rule: Rule<Value>, head: TaskHead, nowMs: number): TaskHead {
  return applyHeadPatch(head, written(rule(head, nowMs)).patch.head, { writeId: 'after' });
}

/** The one entry that a write puts. */
export function onlyPut<Value>(verdict: Verdict<Value>): TaskEntry {
  const { put = [] } = written(verdict).patch;
  const [entry] = put;
  if (entry === undefined || put.length !== 1) throw new RangeError(`${put.length} entries are put`);
  return entry;
}
