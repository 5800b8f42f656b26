import { DEFAULT_LIMITS, TaskError } from '@mcp-tasks/store';
import type { TaskLimits } from '@mcp-tasks/store';
import type { TasksOptions } from './tasks.ts';

const MINUTE_MS = 60_000;

/** The times and counts of `createTasks`, all set. */
export interface RunSettings {
  readonly leaseMs: number;
  readonly parkAfterMs: number;
  readonly maxCrashes: number;
  readonly graceMs: number;
  readonly sweepIntervalMs: number;
}

/** Fill in the defaults. @throws {RangeError} a value is out of range; {TypeError} a limit is unknown. */
export function runSettings(options: TasksOptions): RunSettings {
  return {
    leaseMs: checkInteger('leaseMs', options.leaseMs, 1) ?? 20_000,
    parkAfterMs: checkInteger('parkAfterMs', options.parkAfterMs, 0) ?? 30_000,
    maxCrashes: checkInteger('maxCrashes', options.maxCrashes, 1) ?? 3,
    graceMs: checkInteger('graceMs', options.graceMs, 0) ?? 5_000,
    sweepIntervalMs: checkInteger('sweepIntervalMs', options.sweepIntervalMs, 1) ?? MINUTE_MS,
  };
}

/** Fill in the limits that are not given. @throws as {@link runSettings} */
export function taskLimits(given: TasksOptions['limits'] = {}, defaults: TaskLimits = DEFAULT_LIMITS): TaskLimits {
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  for (const [name, value] of set) {
    if (!Object.hasOwn(DEFAULT_LIMITS, name)) throw new TypeError(`limits.${name} is not a limit`);
    checkInteger(`limits.${name}`, value, name === 'keepResultMs' ? 0 : 1);
  }
  return { ...defaults, ...Object.fromEntries(set) };
}

/** An optional option that must be a safe integer from `least`. @throws {RangeError} it is not. */
export function checkInteger(name: string, value: number | undefined, least: number): number | undefined {
  if (value === undefined || (Number.isSafeInteger(value) && value >= least)) return value;
  throw new RangeError(`${name} must be a safe integer from ${least}, not ${String(value)}`);
}

const MAX_NAME_CHARACTERS = 128;

/** Check a name that is given at registration. @throws {TypeError} as {@link nameProblem} says. */
export function checkName(what: string, name: unknown): void {
  const problem = nameProblem(what, name);
  if (problem !== undefined) throw new TypeError(problem);
}

/** Check a name that a handler uses: of a step, a question, a variable. @throws {TaskError} NAME_INVALID */
export function checkUsedName(what: string, name: unknown): void {
  const problem = nameProblem(what, name);
  if (problem !== undefined)
    throw new TaskError('NAME_INVALID', problem, { details: { maxCharacters: MAX_NAME_CHARACTERS } });
}

/** What keeps a name out of a record. The names of all open questions are in its head, which has to stay small. */
function nameProblem(what: string, name: unknown): string | undefined {
  // A lone surrogate cannot be written as UTF-8.
  const fits =
    typeof name === 'string' && name.length > 0 && name.length <= MAX_NAME_CHARACTERS && !/\p{Cs}/u.test(name);
  return fits ? undefined : `${what} must be 1 to ${MAX_NAME_CHARACTERS} characters of well-formed Unicode`;
}
