/**
 * The part of a process that one owner may take, set with `createTasks({ limits })`. They hold owners that are told
 * apart. Callers without an owner of their own have one share in common.
 */
export interface ShareLimits {
  /** Calls of one owner that run inside their requests at once; default 32. More are refused. */
  readonly maxInlineRuns: number;
  /**
   * Calls of all callers without an owner of their own, in this process; default 1,000. More calls that run inside
   * their requests wait their turn, and more of their waiting `tasks/result` and `subscriptions/listen` are refused.
   */
  readonly maxCallsWithoutOwner: number;
  /** Open `subscriptions/listen` of one owner that name tasks; default 32. More are refused. */
  readonly maxListenStreams: number;
  /** Waiting `tasks/result` of one owner; default 64. More are refused. */
  readonly maxWaitingResults: number;
  /** Requests of one owner that concern tasks, in a second, once its burst is used up; default 50. */
  readonly maxRequestsPerSecond: number;
  /** Requests of one owner that concern tasks, at once; default 200. */
  readonly maxRequestBurst: number;
}

/** The shares that apply where the author sets none. */
export const DEFAULT_SHARE_LIMITS: ShareLimits = {
  maxInlineRuns: 32,
  maxCallsWithoutOwner: 1_000,
  maxListenStreams: 32,
  maxWaitingResults: 64,
  maxRequestsPerSecond: 50,
  maxRequestBurst: 200,
};
