import { TaskError } from '@mcp-tasks/store';
import { oversizeError, oversizeOf } from '@mcp-tasks/store/rules';
import type { StepContext, TaskContext } from '../api/task-context.ts';
import { fromJson, toJson } from '../tool/json.ts';
import { checkUsedName } from '../tool/names.ts';
import type { EffectWatch } from './effect-watch.ts';
import { type HandlerHost, throwIfEnded } from './handler-host.ts';

/** The JSON of a checkpoint: in an object, so that a step may return `undefined`. */
interface Checkpoint {
  readonly value?: unknown;
}

/** The durable steps of one run: names, not order, tell them apart. */
export function taskSteps(host: HandlerHost, watch: EffectWatch): Pick<TaskContext, 'step'> {
  const names = new Set<string>();
  let inFlight = 0;
  const { entries, taskId } = host;

  const run = async <Value>(name: string, fn: (step: StepContext) => Value | Promise<Value>): Promise<Value> => {
    throwIfEnded(host);
    checkUsedName('A step name', name);
    if (names.has(name)) throw nameReused(taskId, name);
    names.add(name);
    const stored = entries.checkpoints.get(name);
    if (stored !== undefined) return valueOf(stored) as Value;

    checkRoom(host, inFlight);
    inFlight++;
    const ended = host.stepBegan();
    try {
      const catchingUp = host.caughtUp();
      if (catchingUp !== undefined) {
        await catchingUp;
        throwIfEnded(host);
      }
      const value = await fn({ idempotencyKey: `${taskId}/${name}`, signal: host.signal });
      throwIfEnded(host);
      const text = checkpointText(host, name, value);
      await host.effects.record({ put: [{ kind: 'checkpoint', name, value: text }] });
      entries.checkpoints.set(name, text);
      return valueOf(text) as Value;
    } finally {
      inFlight--;
      ended();
    }
  };
  return { step: (name, fn) => watch.effect({ method: 'step', names: [name] }, () => run(name, fn)) };
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
    `Task ${taskId} used the step name "${name}" twice in one run: give each step its own name.`,
    { details: { taskId, step: name } },
  );
}
