import { TaskError, type TaskHint, type TaskStore } from '@mcp-tasks/store';

const WRITES = ['create', 'update', 'claim', 'renew', 'deleteExpired'] as const satisfies readonly (keyof TaskStore)[];

/** A write of a store. */
type Write = (typeof WRITES)[number];

/**
 * The same store, whose writes take effect while their answers are lost: the call rejects with STORE_UNAVAILABLE,
 * retryable, once the write is done.
 *
 * @param isLost - whether this call's answer is lost; default: every one.
 *
 * @example
 * const unlucky = answersLost(store, (write) => write === 'update');
 */
export function answersLost(store: TaskStore, isLost: (write: Write) => boolean = () => true): TaskStore {
  const losing = (write: Write) => async (input: never) => {
    const lost = isLost(write);
    const answer: unknown = await store[write](input);
    if (lost) throw new TaskError('STORE_UNAVAILABLE', `The answer of ${write} was lost.`, { retryable: true });
    return answer;
  };
  return sameStore(store, Object.fromEntries(WRITES.map((write) => [write, losing(write)])));
}

/**
 * The same store, each of whose hints goes through a function that drops, repeats or changes it.
 *
 * @example
 * const silent = hintsThrough(store, () => []);
 */
export function hintsThrough(store: TaskStore, pass: (hint: TaskHint) => readonly TaskHint[]): TaskStore {
  if (store.watch === undefined) return store;
  const watch: TaskStore['watch'] = (listener) =>
    store.watch?.((hint) => {
      for (const passed of pass(hint)) listener(passed);
    }) ?? Promise.resolve(() => Promise.resolve());
  return sameStore(store, { watch });
}

/** A store with some methods replaced; all others are called on the store itself. */
export function sameStore(store: TaskStore, methods: Partial<TaskStore>): TaskStore {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(name in methods ? methods : target, name);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
    has: (target, name) => name in methods || name in target,
  });
}
