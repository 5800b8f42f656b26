import type { TaskHead } from '@mcp-tasks/store';
import type { MadeCall } from '../sides/lane.ts';
import { checkClaims } from './check-claims.ts';
import { checkQuota } from './check-quota.ts';
import { checkReads } from './check-reads.ts';
import { checkRemovals } from './check-removals.ts';
import { checkWrites } from './check-writes.ts';
import { ExpiredTasks } from './expired-tasks.ts';
import { type LiveTask, makeLines, type Round } from './round.ts';
import type { CountBytes } from './task-state.ts';

/** The stored tasks, as the sequential record says, from round to round. */
export class StoredTasks {
  readonly expired = new ExpiredTasks();
  #live = new Map<string, LiveTask>();
  readonly #countBytes: CountBytes;

  constructor(countBytes: CountBytes) {
    this.#countBytes = countBytes;
  }

  get live(): ReadonlyMap<string, LiveTask> {
    return this.#live;
  }

  /** The heads of the live tasks. */
  get heads(): readonly TaskHead[] {
    return [...this.#live.values()].map(({ state }) => state.head);
  }

  /** Go to the time of the next round: some tasks expire. */
  moveTo(nowMs: number): void {
    for (const [taskId, { state }] of this.#live) {
      if (state.head.expiresAtMs > nowMs) continue;
      this.#live.delete(taskId);
      this.expired.add(state);
    }
  }

  /**
   * Check the calls of a round, the last of which reads every task, and go on from what it found.
   *
   * @throws {BrokenRule} the answers fit no sequential record, or break a rule.
   */
  check(nowMs: number, calls: readonly MadeCall[]): void {
    const countBytes = this.#countBytes;
    const lines = makeLines(calls, this.#live, countBytes);
    const round: Round = { nowMs, calls, lines, expired: this.expired, countBytes };
    checkReads(round);
    checkWrites(round);
    checkClaims(round);
    checkQuota(round);
    checkRemovals(round);
    const last = calls.at(-1);
    const found = new Map(last?.method === 'get' ? last.answer.map(({ head }) => [head.taskId, head.dueAtMs]) : []);
    this.#live = new Map(
      [...round.lines].map(
        ([
          taskId,
          {
            last: { state },
            idempotencyKey,
          },
        ]) => {
          const head = { ...state.head, dueAtMs: found.get(taskId) ?? null };
          return [taskId, { state: { ...state, head }, idempotencyKey }];
        },
      ),
    );
  }
}
