import { TaskError } from '@mcp-tasks/store';
import type { RecordRule } from '@mcp-tasks/store/rules';

/**
 * A rule whose own failures end nothing: what it throws, or refuses with, is thrown by the function that it answers
 * with.
 * Only that the run may no longer write goes its usual way.
 */
export function guardedRule<Value>(rule: RecordRule<Value>): RecordRule<() => Value> {
  return (record, nowMs) => {
    try {
      const verdict = rule(record, nowMs);
      if (verdict.kind !== 'refused') return { ...verdict, value: () => verdict.value };
      return TaskError.is(verdict.error, 'RUN_ENDED') ? verdict : { kind: 'done', value: throwing(verdict.error) };
    } catch (error) {
      return { kind: 'done', value: throwing(error) };
    }
  };
}

function throwing(error: unknown): () => never {
  return () => {
    throw error;
  };
}
