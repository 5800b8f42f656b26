import type { TaskEntry, TaskStore } from '@mcp-tasks/store';

/**
 * Given to the kit by the author of a store: how to make data of one's own, and every way to get at them.
 *
 * Time needs nothing more than `hasServerTime`: stores take `nowMs`, so the kit passes the times that a case is about.
 * For a store without a clock of its own they begin at the present. A store on a server takes nothing for expired or
 * due before its server's present: there they lie in the past half day, so what it removes by itself must stay for a
 * day after it expired.
 */
export interface StoreHarness {
  /** Whether the store has `serverTimeMs`; default false. */
  readonly hasServerTime?: boolean | undefined;
  /**
   * Count the bytes of an entry as the stores of this harness count them, where that is not by its name and value: a
   * sealed value is longer. It comes with `model`.
   */
  entryBytes?(entry: TaskEntry): number;
  /** Make a memory store that counts like this, inside `sealed` for instance. Default: `memoryStore()` as it is. */
  model?(): TaskStore;
  /** Make empty data that no other case sees; called once by each case, in any order, also at the same time. */
  create(): Promise<StoreData>;
}

/** The data of one case. */
export interface StoreData {
  /** Open a connection of its own to these data, ready for calls. The case closes it (twice at times). */
  connect(): Promise<TaskStore>;
  /** Remove the data. Every connection that the case opened is closed by then. */
  destroy(): Promise<void>;

  /** How another process reaches these data. Left out by a store that lives in one process. */
  readonly process?: StoreProcess | undefined;
  /**
   * Stop what keeps the data, without a goodbye, and start it again: kill the database server, cut the power of a file.
   * Connections that were open may fail from then on. Left out where only processes can die: those the kit kills
   * itself.
   */
  readonly crash?: (() => Promise<void>) | undefined;
  /**
   * Open a connection whose writes take effect while their answers are lost on the way: such calls reject with
   * STORE_UNAVAILABLE, retryable. Left out, the kit drops the answers of `connect()` itself.
   */
  readonly connectLosingAnswers?: (() => Promise<TaskStore>) | undefined;
  /** Cost of the calls of all connections so far. Left out where it cannot be counted. */
  readonly cost?: (() => StoreCost | Promise<StoreCost>) | undefined;
}

/** A module that opens connections in a process of its own. */
export interface StoreProcess {
  /** URL of a module that exports `connect(data): Promise<TaskStore>`, as {@link StoreData.connect} in that process. */
  readonly module: string | URL;
  /** Handed to `connect`; cloned on the way (no functions). */
  readonly data?: unknown;
  /** Flags for node, for instance to load TypeScript. */
  readonly execArgv?: readonly string[] | undefined;
}

/** Counters that only grow. What is counted is the store's choice, as long as more work counts more. */
export interface StoreCost {
  /** Round trips, statements, or records looked at. */
  readonly operations: number;
  /** Bytes sent and received, or read and written. */
  readonly bytes: number;
}
