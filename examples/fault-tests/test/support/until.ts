import { setTimeout as sleep } from 'node:timers/promises';

/** Wait for a condition, asked every few milliseconds. Fails after two minutes, naming it. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + 120_000;
  while (!(await holds())) {
    if (Date.now() > deadlineMs) throw new Error(`waited in vain until ${what}`);
    await sleep(10);
  }
}
