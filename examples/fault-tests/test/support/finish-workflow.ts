import { setTimeout as sleep } from 'node:timers/promises';
import type { TaskClient } from './client.ts';

const POLL_MS = 20;

/** The id of the call that does a step: the same whoever makes it, and whenever, so that it counts once. */
export function callIdOf(step: string): string {
  return `for ${step}`;
}

/** Do what a workflow leaves to the client, until it is completed. */
export async function finishWorkflow(client: TaskClient, taskId: string): Promise<void> {
  for (;;) {
    const { status, remaining } = await client.look(taskId);
    if (status === 'completed') return;
    if (status !== 'working') throw new TypeError(`workflow task ${taskId} is ${status}`);
    const next = remaining.find(({ pause }) => pause?.type === 'clientStep' || pause?.type === 'toolError');
    if (next?.tool === undefined) await sleep(POLL_MS);
    else await client.continue({ taskId, step: next.step, callId: callIdOf(next.step) }, next.tool, next.arguments);
  }
}
