/**
 * The shares of a process: how much of it one owner may take at once, so that the others are served as before. An owner
 * beyond a share is refused. Callers without an owner of their own cannot be told apart: they have one share together,
 * and wait their turn, since one of them must not be refused for what the others do.
 */
import { type Clock, NO_OWNER, TaskError, type TaskErrorCode } from '@mcp-tasks/store';
import type { LimitName, TaskEvent } from '../api/events.ts';
import type { ShareLimits } from '../api/share-limits.ts';
import type { TraceContext } from '../api/tool.ts';
import { TokenBuckets } from './token-buckets.ts';
import { type Leave, Turns } from './turns.ts';

/** Who takes a part of a share. */
export interface ShareHolder {
  readonly owner: string;
  /** The owner stands for all callers who cannot be told apart. */
  readonly isCommon: boolean;
  readonly tool?: string | undefined;
  readonly trace?: TraceContext | undefined;
}

/** Shares of which an owner has a number at once. */
export type CountedShare = 'maxInlineRuns' | 'maxListenStreams' | 'maxWaitingResults';

const REFUSALS: Readonly<Record<CountedShare, { readonly code: TaskErrorCode; readonly of: string }>> = {
  maxInlineRuns: { code: 'TASK_QUOTA_EXCEEDED', of: 'calls that run inside their requests' },
  maxListenStreams: { code: 'LISTEN_LIMIT', of: 'subscriptions/listen streams for tasks' },
  maxWaitingResults: { code: 'RESULT_WAIT_LIMIT', of: 'tasks/result requests that wait' },
};

/** Uses of a task layer by its shares. */
export interface SharesHost {
  readonly limits: ShareLimits;
  readonly clock: Clock;
  emit(event: TaskEvent): void;
}

/** Counts what owners take of this process. */
export class Shares {
  readonly #host: SharesHost;
  readonly #counts: Readonly<Record<CountedShare, Map<string, number>>> = {
    maxInlineRuns: new Map(),
    maxListenStreams: new Map(),
    maxWaitingResults: new Map(),
  };
  readonly #requests: TokenBuckets;
  readonly #turns: Turns;

  constructor(host: SharesHost) {
    const { limits, clock } = host;
    this.#host = host;
    this.#requests = new TokenBuckets(clock, { burst: limits.maxRequestBurst, perSecond: limits.maxRequestsPerSecond });
    this.#turns = new Turns(limits.maxCallsWithoutOwner);
  }

  /**
   * Begin a call inside its request, at once or in turn.
   *
   * @returns ends it. @throws {TaskError} TASK_QUOTA_EXCEEDED - the owner has `maxInlineRuns` of them.
   */
  beginInlineRun(holder: ShareHolder, signal: AbortSignal): Leave | Promise<Leave> {
    return holder.isCommon ? this.#turns.take(signal) : this.take('maxInlineRuns', holder);
  }

  /** Take one of a share. @returns gives it back. @throws {TaskError} the code of the share - there is none left. */
  take(share: CountedShare, holder: ShareHolder): Leave {
    const { limits } = this.#host;
    const counts = this.#counts[share];
    const { owner } = holder;
    const count = counts.get(owner) ?? 0;
    const limit = holder.isCommon ? limits.maxCallsWithoutOwner : limits[share];
    if (count >= limit) {
      this.tell(share, holder);
      const { code, of } = REFUSALS[share];
      throw new TaskError(code, `The caller has ${limit} ${of}, which is the limit: wait until one ends.`, {
        details: { limit: share, [share]: limit },
        retryable: true,
      });
    }
    counts.set(owner, count + 1);
    let hasLeft = false;
    return () => {
      if (hasLeft) return;
      hasLeft = true;
      const left = (counts.get(owner) ?? 1) - 1;
      if (left === 0) counts.delete(owner);
      else counts.set(owner, left);
    };
  }

  /** Count a request of an owner. @returns undefined, or in how many milliseconds the owner may send the next one. */
  takeRequest(holder: ShareHolder): number | undefined {
    const retryAfterMs = this.#requests.take(holder.owner);
    if (retryAfterMs !== undefined) this.tell('maxRequestsPerSecond', holder);
    return retryAfterMs;
  }

  /** Emit the event that a limit refused something. */
  tell(limit: LimitName, { owner, tool, trace }: Omit<ShareHolder, 'isCommon'>): void {
    this.#host.emit({
      type: 'limit-exceeded',
      limit,
      owner,
      atMs: this.#host.clock.nowMs(),
      ...(tool !== undefined && { tool }),
      ...(trace !== undefined && { trace }),
    });
  }
}

/** Tell whether the owner of a call stands for callers who cannot be told apart. */
export function isCommonOwner({ owner, keyScope }: { owner: string; keyScope?: string | null | undefined }): boolean {
  return owner === NO_OWNER || keyScope !== undefined;
}
