import { TaskError } from '@mcp-tasks/store';
import { cutUtf8 } from '@mcp-tasks/store/rules';
import { checkOptions, option, type OptionTableOf } from '@mcp-tasks/wire';
import type { RetryOptions, StepContext, StepFunction } from '../api/task-context.ts';
import { fromJson, messageOf } from '../tool/json.ts';
import { type HandlerHost, throwIfEnded } from './handler-host.ts';

const DEFAULT_BACKOFF_MS = 1_000;
const DEFAULT_MAX_BACKOFF_MS = 60_000;
/** Longest message of a failed try that is kept. */
const MAX_ERROR_BYTES = 1024;

/** Contents of a wait entry: of a sleep its end, of a step also the tries that failed and the last failure. */
interface StoredWait {
  readonly wakeAtMs: number;
  readonly tries?: number | undefined;
  readonly retries?: number | undefined;
  readonly error?: string | undefined;
}

/** Read what a wait entry keeps. */
export function storedWait(host: HandlerHost, name: string): StoredWait | undefined {
  const text = host.entries.waits.get(name);
  return text === undefined ? undefined : (fromJson(text) as unknown as StoredWait); // this package wrote it
}

/** Store a wait, and wait until its end. */
export async function waitDurably(host: HandlerHost, name: string, wait: StoredWait): Promise<void> {
  const value = JSON.stringify(wait);
  await host.effects.record({ put: [{ kind: 'wait', name, value }] });
  host.entries.waits.set(name, value);
  await host.sleepUntil(wait.wakeAtMs);
}

const RETRY_OPTIONS: OptionTableOf<RetryOptions> = {
  retries: option.integer(0),
  backoffMs: option.integer(0),
  maxBackoffMs: option.integer(0),
  timeoutMs: option.integer(1),
  retryIf: option.callback,
};

/** Check the options of a step. @throws as {@link checkOptions} */
export function checkStepOptions(name: string, options: RetryOptions): void {
  checkOptions(`Step "${name}"`, options, RETRY_OPTIONS);
}

/** A step that may be tried again. */
export interface TriedStep<Value> {
  readonly name: string;
  readonly options: RetryOptions;
  readonly fn: StepFunction<Value>;
}

/** Does work during which the step is not in flight: it waits. */
export type Outside = (work: () => Promise<void>) => Promise<void>;

/**
 * Run the function of a step, again after failures as far as the options say. Waits between tries are stored, so that
 * another run goes on with the tries that are left.
 */
export async function runTries<Value>(host: HandlerHost, step: TriedStep<Value>, outside: Outside): Promise<Value> {
  const { name, options } = step;
  const { retries = 0 } = options;
  const stored = storedWait(host, name);
  let tries = stored?.tries ?? 0;
  if (stored !== undefined) await outside(() => host.sleepUntil(stored.wakeAtMs));
  for (;;) {
    throwIfEnded(host);
    try {
      return await oneTry(host, step);
    } catch (error) {
      throwIfEnded(host);
      tries += 1;
      const wakeAtMs = host.layer.clock.nowMs() + backoffMs(options, tries);
      const isLast = tries > retries || options.retryIf?.(error) === false;
      if (isLast || wakeAtMs >= (host.expiresAtMs ?? Infinity)) throw error;
      const wait = { wakeAtMs, tries, retries, error: cutUtf8(messageOf(error), MAX_ERROR_BYTES) };
      await outside(() => waitDurably(host, name, wait));
    }
  }
}

function backoffMs(options: RetryOptions, tries: number): number {
  const { backoffMs: firstMs = DEFAULT_BACKOFF_MS, maxBackoffMs = DEFAULT_MAX_BACKOFF_MS } = options;
  return Math.min(maxBackoffMs, firstMs * 2 ** (tries - 1));
}

async function oneTry<Value>(host: HandlerHost, { name, options, fn }: TriedStep<Value>): Promise<Value> {
  const { timeoutMs } = options;
  const idempotencyKey = `${host.taskId}/${name}`;
  const catchingUp = host.caughtUp();
  if (catchingUp !== undefined) await catchingUp;
  throwIfEnded(host);
  if (timeoutMs === undefined) return fn({ idempotencyKey, signal: host.signal });
  return within(host, { name, timeoutMs }, (signal) => fn({ idempotencyKey, signal }));
}

/** Run a try for a time. A function that goes on after it changes nothing. */
async function within<Value>(
  host: HandlerHost,
  { name, timeoutMs }: { readonly name: string; readonly timeoutMs: number },
  fn: (signal: StepContext['signal']) => Value | Promise<Value>,
): Promise<Value> {
  const timeout = new AbortController();
  let cancel: () => void = () => undefined;
  const timedOut = new Promise<never>((_resolve, reject) => {
    cancel = host.layer.clock.after(timeoutMs, () => {
      const message = `Step "${name}" of task ${host.taskId} took longer than ${timeoutMs} ms.`;
      const error = new TaskError('STEP_TIMEOUT', message, { details: { taskId: host.taskId, step: name, timeoutMs } });
      // First, so that what the signal makes the function return comes too late.
      reject(error);
      timeout.abort(error);
    });
  });
  try {
    const running = Promise.resolve(fn(AbortSignal.any([host.signal, timeout.signal])));
    running.catch(() => undefined);
    return await Promise.race([running, timedOut]);
  } finally {
    cancel();
  }
}
