import type { Clock } from '@mcp-tasks/store';

/** Remembers which questions were sent a short while ago, for clients that have no connection to remember it with. */
export interface QuestionPacing {
  /** Tell whether a question may be sent (again); if so it counts as sent now. */
  mayAsk(taskId: string, key: string, intervalMs: number): boolean;
  /** How many questions are remembered. */
  readonly size: number;
}

/**
 * Let each question go out once per interval. A question is forgotten when its interval is over and another one comes.
 */
export function questionPacing(clock: Clock): QuestionPacing {
  // In the order in which they were sent: the next to forget comes first.
  const askableAtMs = new Map<string, number>();
  return {
    mayAsk(taskId, key, intervalMs) {
      const nowMs = clock.nowMs();
      for (const [question, atMs] of askableAtMs) {
        if (atMs > nowMs) break;
        askableAtMs.delete(question);
      }
      const question = JSON.stringify([taskId, key]);
      const isRecent = (askableAtMs.get(question) ?? nowMs) > nowMs;
      if (!isRecent) askableAtMs.set(question, nowMs + intervalMs);
      return !isRecent;
    },
    get size() {
      return askableAtMs.size;
    },
  };
}
