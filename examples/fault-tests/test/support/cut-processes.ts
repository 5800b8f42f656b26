import { createTasks, inProcessExecutor } from '@mcp-tasks/runner';
import type { TestContext } from 'vitest';
import { type CutPlan, cutStore } from './cut-store.ts';
import { startProxy } from './proxy.ts';
import { storeAt } from './stores.ts';

/** Far longer than a cut; a third of it passes before the first heartbeat. */
export const LEASE_MS = 4_500;

/** One process that serves and one that runs, behind one connection that is cut, and a look at the store past it. */
export async function cutProcesses(
  { onTestFinished }: TestContext,
  url: string,
  plan: Omit<CutPlan, 'proxy' | 'look'>,
) {
  const proxy = await startProxy(url);
  const look = storeAt(url);
  await look.open?.();
  const { store, seen } = cutStore(storeAt(proxy.through(url)), { ...plan, proxy, look });
  const errors: unknown[] = [];
  const processOf = (concurrency: number) =>
    createTasks({
      store,
      executor: inProcessExecutor({ concurrency }),
      leaseMs: LEASE_MS,
      onBackgroundError: (error) => errors.push(error),
    });
  const serving = processOf(0);
  const working = processOf(1);
  await serving.start();
  onTestFinished(async () => {
    proxy.mend();
    await Promise.all([serving.close({ drainMs: 0 }), working.close({ drainMs: 0 })]);
    await Promise.all([store.close(), look.close()]);
    proxy.close();
  });
  return { proxy, look, seen, errors, serving, working };
}
