import type { TaskContext } from '@mcp-tasks/runner';
import { messageOf, sentence } from '@mcp-tasks/runner/engine';
import type { Clock } from '@mcp-tasks/store';
import type { StepDefinition } from '../definition/definition.ts';
import { fill } from '../plan/fill.ts';
import type { ReadText } from '../plan/plan.ts';
import type { WorkflowNow } from '../plan/resolve.ts';

/** The texts of the resources of a step, or the error of reading them. */
export type ResourcesRead =
  | { readonly kind: 'read'; readonly resources: readonly ReadText[] }
  | { readonly kind: 'failed'; readonly error: string; readonly thrown: unknown };

/**
 * Read the resources of a step, one after the other, within the time of one attempt. Throws what the run's signal
 * aborted with, and nothing else.
 */
export async function readResources(
  context: WorkflowNow,
  step: StepDefinition,
  { task, clock }: { readonly task: TaskContext; readonly clock: Clock },
): Promise<ResourcesRead> {
  const { readResource } = context.definition;
  if (readResource === undefined || step.resources.length === 0) return { kind: 'read', resources: [] };
  const abort = new AbortController();
  const signal = AbortSignal.any([task.signal, abort.signal]);
  const cancelTimer = clock.after(step.timeoutMs, () => {
    abort.abort(new TypeError(`Reading took longer than ${step.timeoutMs} ms.`));
  });
  const resources: ReadText[] = [];
  let uri = '';
  try {
    for (const template of step.resources) {
      uri = fill(context, template);
      const reading = Promise.resolve(readResource(uri, { owner: task.owner, caller: task.caller, signal }));
      resources.push({ uri, text: textOf(await untilAborted(reading, signal)) });
    }
    return { kind: 'read', resources };
  } catch (thrown) {
    task.signal.throwIfAborted();
    return { kind: 'failed', error: sentence(`Resource "${uri}" could not be read: ${messageOf(thrown)}`), thrown };
  } finally {
    cancelTimer();
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError('readResource must return a text.');
}

/** Settle as the promise does, unless the signal aborts first. */
async function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    const onAbort = () => {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a signal's reason is handed on as it is
      reject(signal.reason);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    stop = () => {
      signal.removeEventListener('abort', onAbort);
    };
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    stop();
  }
}
