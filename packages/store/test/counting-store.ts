import type { TaskHint, TaskStore } from '../src/index.ts';

/** A store that notes the reads of others, and hands its watch to the test. */
export interface CountingStore extends TaskStore {
  /** The ids of each `get`. */
  readonly reads: (readonly string[])[];
  /** Every `get` asked for heads only. */
  readonly readsHeadsOnly: boolean;
  /** Listeners of live watches. */
  readonly listeners: ReadonlySet<(hint: TaskHint) => void>;
  /** What `watch` throws from now on; undefined = it works. */
  watchError: Error | undefined;
  /** What `get` throws from now on. */
  readError: Error | undefined;
  /** What `get` waits for before it reads. */
  readGate: Promise<void> | undefined;
  /** What `watch` waits for before it is live. */
  watchGate: Promise<void> | undefined;
  /** Watches that were begun. */
  readonly watches: number;
}

/** @param isWatchable - whether the store has a watch, whose hints come from the test alone; default true. */
export function countingStore(store: TaskStore, isWatchable = true): CountingStore {
  const reads: (readonly string[])[] = [];
  const listeners = new Set<(hint: TaskHint) => void>();
  let readsHeadsOnly = true;
  let watches = 0;
  const counting: CountingStore = {
    reads,
    listeners,
    watchError: undefined,
    readError: undefined,
    readGate: undefined,
    watchGate: undefined,
    get readsHeadsOnly() {
      return readsHeadsOnly;
    },
    get watches() {
      return watches;
    },
    portVersion: store.portVersion,
    create: (input) => store.create(input),
    async get(input) {
      reads.push([...input.taskIds].sort());
      readsHeadsOnly &&= input.kinds.length === 0;
      if (counting.readError) throw counting.readError;
      await counting.readGate;
      return store.get(input);
    },
    update: (input) => store.update(input),
    findJoinable: (input) => store.findJoinable(input),
    list: (input) => store.list(input),
    due: (input) => store.due(input),
    claim: (input) => store.claim(input),
    renew: (input) => store.renew(input),
    deleteExpired: (input) => store.deleteExpired(input),
    close: () => store.close(),
    ...(isWatchable && {
      async watch(listener: (hint: TaskHint) => void) {
        watches += 1;
        if (counting.watchError) throw counting.watchError;
        await counting.watchGate;
        listeners.add(listener);
        return async () => void listeners.delete(listener);
      },
    }),
  };
  return counting;
}
