import { once } from 'node:events';
import { TaskError, type TaskStore } from '@mcp-tasks/store';
import { newTask } from './tasks.ts';

/** The parameter that `startProcess` gave to this process. */
export function parameterOfProcess(): unknown {
  return JSON.parse(process.argv[2] ?? '');
}

/** Print how opening a store fails, by code and whether it is retryable, and do nothing more: not even close it. */
export async function tryToOpen(store: TaskStore): Promise<void> {
  const error: unknown = await store.open?.().catch((reason: unknown) => reason);
  console.log(TaskError.is(error) ? `${error.code}${error.retryable ? ' retryable' : ''}` : 'OPENED');
}

/**
 * Once told to, open many stores at once and create one task through all of them. The process ends of itself when they
 * are closed.
 */
export async function openAtOnce(stores: readonly TaskStore[]): Promise<void> {
  console.log('ready');
  await once(process.stdin, 'data');
  await Promise.all(stores.map(async (store) => store.open?.()));
  const outcomes = await Promise.all(stores.map((store) => store.create(newTask({}, { idempotencyKey: 'one' }))));
  console.log(outcomes.map(({ status }) => status).join(' '));
  const stops = await Promise.all(stores.map(async (store) => store.watch?.(() => undefined)));
  await stops[0]?.();
  await Promise.all(stores.map((store) => store.close()));
}
