import { DEFAULT_LIMITS, type TaskLimits } from '@mcp-tasks/store';
import { DEFAULT_SHARE_LIMITS, type ShareLimits } from '../api/share-limits.ts';
import type { TaskAccess, TasksOptions } from '../api/tasks.ts';
import { checkInteger } from '../tool/check-integer.ts';

const MINUTE_MS = 60_000;

/** The times and counts of `createTasks`, all set. */
export interface RunSettings {
  readonly leaseMs: number;
  readonly parkAfterMs: number;
  readonly maxCrashes: number;
  readonly graceMs: number;
  readonly sweepIntervalMs: number;
  /** Undefined = never. */
  readonly authorizeEveryMs: number | undefined;
  readonly authorizeAccess: ReadonlySet<TaskAccess>;
}

const ACCESSES: readonly TaskAccess[] = ['get', 'result', 'answer', 'cancel'];

/** Fill in the defaults. @throws {RangeError} a value is out of range; {TypeError} a limit is unknown. */
export function runSettings(options: TasksOptions): RunSettings {
  return {
    leaseMs: checkInteger('leaseMs', options.leaseMs, 1) ?? 20_000,
    parkAfterMs: checkInteger('parkAfterMs', options.parkAfterMs, 0) ?? 30_000,
    maxCrashes: checkInteger('maxCrashes', options.maxCrashes, 1) ?? 3,
    graceMs: checkInteger('graceMs', options.graceMs, 0) ?? 5_000,
    sweepIntervalMs: checkInteger('sweepIntervalMs', options.sweepIntervalMs, 1) ?? MINUTE_MS,
    authorizeEveryMs: checkInteger('authorizeEveryMs', options.authorizeEveryMs, 1),
    authorizeAccess: checkAccess(options.authorizeAccess),
  };
}

function checkAccess(given: TasksOptions['authorizeAccess'] = []): ReadonlySet<TaskAccess> {
  const all: unknown = given;
  if (Array.isArray(all) && all.every((access) => ACCESSES.includes(access as TaskAccess))) return new Set(given);
  throw new TypeError(`authorizeAccess must be a list of ${ACCESSES.join(', ')}.`);
}

/** The most that limits of texts in a head can be set to: it has room for no longer ones. */
const HEAD_LIMITS: ReadonlyMap<string, number> = new Map([
  ['maxStatusMessageBytes', 1024],
  ['maxOwnerBytes', 1024],
]);

type Limits = TaskLimits & ShareLimits;

const ALL_DEFAULTS: Limits = { ...DEFAULT_LIMITS, ...DEFAULT_SHARE_LIMITS };

/** Fill in the limits that are not given. @throws as {@link runSettings} */
export function taskLimits(given: TasksOptions['limits'] = {}, defaults: Limits = ALL_DEFAULTS): Limits {
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  for (const [name, value] of set) {
    if (!Object.hasOwn(ALL_DEFAULTS, name))
      throw new TypeError(`limits.${name} must not be given: the limits are ${Object.keys(ALL_DEFAULTS).join(', ')}.`);
    checkInteger(`limits.${name}`, value, name === 'keepResultMs' ? 0 : 1, HEAD_LIMITS.get(name));
  }
  const limits: Limits = { ...defaults, ...Object.fromEntries(set) };
  if (limits.minTtlMs <= limits.maxTtlMs) return limits;
  if (given.minTtlMs === undefined) return { ...limits, minTtlMs: limits.maxTtlMs };
  throw new RangeError(
    `limits.minTtlMs must be at most limits.maxTtlMs, which is ${limits.maxTtlMs}, and not ${limits.minTtlMs}.`,
  );
}
