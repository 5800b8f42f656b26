import { TaskError } from '@mcp-tasks/store';
import { oversizeError, oversizeOf } from '@mcp-tasks/store/rules';
import type { RetryOptions, StepFunction, TaskContext } from '../api/task-context.ts';
import { checkInteger } from '../tool/check-integer.ts';
import { fromJson, toJson } from '../tool/json.ts';
import { checkUsedName } from '../tool/names.ts';
import type { EffectWatch } from './effect-watch.ts';
import { type HandlerHost, throwIfEnded } from './handler-host.ts';
import { checkStepOptions, runTries, storedWait, type TriedStep, waitDurably } from './step-tries.ts';

/** The JSON of a checkpoint: in an object, so that a step may return `undefined`. */
interface Checkpoint {
  readonly value?: unknown;
}

/** The durable steps and sleeps of one run: names, not order, tell them apart. */
export function taskSteps(host: HandlerHost, watch: EffectWatch): Pick<TaskContext, 'step' | 'sleep'> {
  const names = new Set<string>();
  let inFlight = 0;
  const { entries, taskId } = host;

  const take = (what: string, name: string): void => {
    throwIfEnded(host);
    checkUsedName(what, name);
    if (names.has(name)) throw nameReused(taskId, name);
    names.add(name);
  };

  const run = async <Value>(step: TriedStep<Value>): Promise<Value> => {
    const { name } = step;
    take('A step name', name);
    checkStepOptions(name, step.options);
    const stored = entries.checkpoints.get(name);
    if (stored !== undefined) return valueOf(stored) as Value;

    checkRoom(host, inFlight);
    inFlight++;
    let isOver = host.stepBegan();
    const outside = async (work: () => Promise<void>) => {
      isOver();
      try {
        await work();
      } finally {
        isOver = host.stepBegan();
      }
    };
    try {
      const value = await runTries(host, step, outside);
      throwIfEnded(host);
      const text = checkpointText(host, name, value);
      // The tries that it took are of no more use.
      const waited = entries.waits.delete(name) ? [{ kind: 'wait' as const, name }] : [];
      await host.effects.record({ put: [{ kind: 'checkpoint', name, value: text }], delete: waited });
      entries.checkpoints.set(name, text);
      return valueOf(text) as Value;
    } finally {
      inFlight--;
      isOver();
    }
  };

  const sleep = async (name: string, ms: number): Promise<void> => {
    take('The name of a sleep', name);
    if (checkInteger('ms', ms, 0) === undefined) throw new RangeError('ms must be a safe integer from 0.');
    const stored = storedWait(host, name);
    if (stored !== undefined) {
      await host.sleepUntil(stored.wakeAtMs);
      return;
    }
    const wakeAtMs = host.layer.clock.nowMs() + ms;
    if (wakeAtMs >= (host.expiresAtMs ?? Infinity)) throw sleepTooLong(taskId, name);
    await waitDurably(host, name, { wakeAtMs });
  };

  const step: TaskContext['step'] = <Value>(
    name: string,
    options: RetryOptions | StepFunction<Value>,
    fn?: StepFunction<Value>,
  ): Promise<Value> =>
    watch.effect({ method: 'step', names: [name] }, () =>
      run(typeof options === 'function' ? { name, options: {}, fn: options } : { name, options, fn: asFunction(fn) }),
    );
  return {
    step,
    sleep: (name, ms) => watch.effect({ method: 'sleep', names: [name] }, () => sleep(name, ms)),
  };
}

function asFunction<Value>(fn: StepFunction<Value> | undefined): StepFunction<Value> {
  if (typeof fn === 'function') return fn;
  throw new TypeError('The last argument of task.step must be a function.');
}

function sleepTooLong(taskId: string, name: string): TaskError {
  return new TaskError(
    'SLEEP_TOO_LONG',
    `Sleep "${name}" of task ${taskId} would end after the task has expired: sleep shorter, or give the tool a longer ttlMs.`,
    { details: { taskId, sleep: name } },
  );
}

function valueOf(text: string): unknown {
  return (fromJson(text) as Checkpoint).value;
}

function checkpointText(host: HandlerHost, name: string, value: unknown): string {
  const text = toJson(value, `The value of step "${name}"`);
  const size = oversizeOf(text ?? '', host.layer.limits.maxCheckpointBytes);
  if (size !== undefined) {
    const { taskId } = host;
    const what = `The value of step "${name}" of task ${taskId}`;
    throw oversizeError('CHECKPOINT_TOO_LARGE', what, size, { taskId, step: name });
  }
  return text === undefined ? '{}' : `{"value":${text}}`;
}

/** Refuse before the step runs: what it did could not be kept. */
function checkRoom(host: HandlerHost, inFlight: number): void {
  const { maxCheckpoints } = host.layer.limits;
  if (host.entries.checkpoints.size + inFlight < maxCheckpoints) return;
  throw new TaskError(
    'CHECKPOINT_LIMIT',
    `Task ${host.taskId} has ${maxCheckpoints} checkpoints, which is the limit: put more work into one step.`,
    { details: { taskId: host.taskId, maxCheckpoints } },
  );
}

function nameReused(taskId: string, name: string): TaskError {
  return new TaskError(
    'STEP_NAME_REUSED',
    `Task ${taskId} used the step name "${name}" twice in one run: give each step and sleep its own name.`,
    { details: { taskId, step: name } },
  );
}
