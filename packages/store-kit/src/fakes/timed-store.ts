import type { TaskStore } from '@mcp-tasks/store';

/** When one call was under way, on the machine's monotonic clock, which all its processes share. */
export interface Span {
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

/** Call a store and note when each call was under way. */
export function timedStore(store: TaskStore, spans: Span[]): TaskStore {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]): Promise<unknown> => {
        const fromNs = process.hrtime.bigint();
        try {
          return await (Reflect.apply(member, target, args) as unknown);
        } finally {
          spans.push({ fromNs, toNs: process.hrtime.bigint() });
        }
      };
    },
  });
}

/** How many calls of one side were under way while a call of the other was. */
export function countOverlaps(left: readonly Span[], right: readonly Span[]): number {
  return left.filter((one) => right.some((other) => one.fromNs < other.toNs && other.fromNs < one.toNs)).length;
}

/** Wait for an instant of the monotonic clock, the last milliseconds of it awake, so that processes start together. */
export async function waitUntil(instantNs: bigint): Promise<void> {
  const AWAKE_MS = 2;
  const leftMs = Number(instantNs - process.hrtime.bigint()) / 1e6;
  if (leftMs > AWAKE_MS) await new Promise((resolve) => setTimeout(resolve, leftMs - AWAKE_MS));
  while (process.hrtime.bigint() < instantNs);
}
