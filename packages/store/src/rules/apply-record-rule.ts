import type { TaskHead, TaskRecord } from '../port/record.ts';
import { TaskError } from '../port/task-error.ts';
import type { RuleOutcome } from './apply-rule.ts';
import type { Rule, Verdict } from './rule.ts';

/** Each reading anew means that another writer of the same task won a race. */
const MAX_READS = 100;

/**
 * A decision about a whole record, entries included. It is pure: after a lost race it is applied again, to the present
 * record. It must find its own effect: after a lost answer it is applied to a record that has the effect already.
 */
export type RecordRule<Value> = (record: TaskRecord, nowMs: number) => Verdict<Value>;

/** Access of {@link applyRecordRule} to the task. */
export interface RecordAccess {
  /** Read the record as it is now, with the entries that the rule looks at. */
  read(): Promise<TaskRecord>;
  /** Decide with a rule and write what it decides, as `applyRule` does. */
  write<Value>(head: TaskHead, rule: Rule<Value>): Promise<RuleOutcome<Value>>;
}

const IS_STALE = Symbol('the record was written since it was read');

/**
 * Decide with a rule about a record and write what it decides, under compare-and-set: the decision was made on the
 * entries that the write replaces. After a lost race it reads again.
 *
 * @throws {TaskError} STORE_CONFLICT (retryable) - too many lost races; as `read` and `write`; every error with which
 *   the rule refuses.
 */
export async function applyRecordRule<Value>(
  access: RecordAccess,
  rule: RecordRule<Value>,
): Promise<RuleOutcome<Value>> {
  let hasWritten = false;
  for (let readNumber = 1; readNumber <= MAX_READS; readNumber += 1) {
    const { head, entries } = await access.read();
    const outcome = await access.write<Value | typeof IS_STALE>(head, (present, nowMs) =>
      present.version === head.version ? rule({ head: present, entries }, nowMs) : { kind: 'done', value: IS_STALE },
    );
    hasWritten ||= outcome.wrote;
    const { value } = outcome;
    if (value !== IS_STALE) return { ...outcome, value, wrote: hasWritten };
  }
  throw new TaskError('STORE_CONFLICT', 'The task is written by too many at once: try again.', { retryable: true });
}
