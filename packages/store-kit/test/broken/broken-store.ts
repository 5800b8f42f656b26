import type { TaskHead, TaskStore } from '@mcp-tasks/store';

/** A store that breaks one promise: the memory store with one method changed. */
export interface BrokenStore {
  /** The case that must fail. */
  readonly case: string;
  /** What is wrong with the store. */
  readonly fault: string;
  /** What the case must say. */
  readonly says: RegExp;
  /** The store is on a server with a clock. */
  readonly hasServerTime?: true;
  /** The one changed method, made once for all connections to the same data. */
  readonly methods: (store: TaskStore) => Partial<TaskStore>;
}

/** A store that is seldom wrong, or only between other calls: the check against a model must find it. */
export interface RareFault {
  /** What the store does. */
  readonly store: string;
  /** What the check must say. */
  readonly says: RegExp;
  readonly methods: BrokenStore['methods'];
}

/** Tell of one call in a hundred. */
export function oneInHundred(): () => boolean {
  let calls = 0;
  return () => {
    calls += 1;
    return calls % 100 === 0;
  };
}

/** Let everybody else go on. */
export function pause(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** The present head of a live task. */
export async function headOf(store: TaskStore, taskId: string, nowMs: number): Promise<TaskHead | undefined> {
  const [record] = await store.get({ taskIds: [taskId], kinds: [], nowMs });
  return record?.head;
}

/** An update that looks at the version first and writes later: between the two, others do the same. */
export function gappedUpdate(store: TaskStore): Pick<TaskStore, 'update'> {
  return {
    async update(input) {
      const { taskId, expected, nowMs } = input;
      const head = await headOf(store, taskId, nowMs);
      if (head === undefined) return { status: 'not-found' };
      if (head.version !== expected.version || head.writeId !== expected.writeId) return { status: 'conflict', head };
      await pause();
      return carelessUpdate(store).update(input);
    },
  };
}

/** An update that does not look at the version. */
export function carelessUpdate(store: TaskStore): Pick<TaskStore, 'update'> {
  return {
    async update(input) {
      for (;;) {
        const head = await headOf(store, input.taskId, input.nowMs);
        if (head === undefined) return { status: 'not-found' };
        const outcome = await store.update({ ...input, expected: head });
        if (outcome.status !== 'conflict') return outcome;
      }
    },
  };
}

/** All live tasks of an owner. */
export async function allOf(store: TaskStore, owner: string, nowMs: number): Promise<readonly TaskHead[]> {
  return (await store.list({ owner, limit: 1_000_000, nowMs })).heads;
}
