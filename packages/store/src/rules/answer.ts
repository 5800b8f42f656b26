import { type InputResponse, isTerminalStatus } from '@mcp-tasks/wire';
import { isParked } from './lease.ts';
import { done, liveRule, type Rule, write } from './rule.ts';

/** Outcome of answers. */
export interface Answered {
  /** Keys whose answers were stored; the others were not open. */
  readonly keys: readonly string[];
  /** True when the task was parked and is due now: submit it. */
  readonly wakes: boolean;
}

/**
 * Close questions with responses that the caller has checked. Keys that are not open are ignored, also when none is
 * open. A parked task becomes due in the same write. An answer resets the count of crashes.
 */
export function answer(responses: Readonly<Record<string, InputResponse>>): Rule<Answered> {
  return liveRule((head, nowMs) => {
    const isAnswered = (key: string) => Object.hasOwn(responses, key);
    const keys = head.openQuestions.filter(isAnswered);
    if (isTerminalStatus(head.status) || keys.length === 0) return done({ keys: [], wakes: false });
    const openQuestions = head.openQuestions.filter((key) => !isAnswered(key));
    const wakes = isParked(head, nowMs);
    return write(
      head,
      nowMs,
      {
        ...(openQuestions.length === 0 && { status: 'working' }),
        head: { openQuestions, crashCount: 0, progressAtMs: nowMs, ...(wakes && { dueAtMs: nowMs }) },
        put: keys.map((key) => ({ kind: 'answer', name: key, value: JSON.stringify(responses[key]) })),
      },
      { keys, wakes },
    );
  });
}
