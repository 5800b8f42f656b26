import { DEFAULT_LIMITS, type TaskLimits } from '@mcp-tasks/store';
import { checkOptions, option, type OptionKind, type OptionTableOf } from '@mcp-tasks/wire';
import { DEFAULT_SHARE_LIMITS, type ShareLimits } from '../api/share-limits.ts';
import type { TaskAccess, TasksOptions } from '../api/tasks.ts';

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

/** The most that limits of texts in a head can be set to: it has room for no longer ones. */
const HEAD_LIMITS: ReadonlyMap<string, number> = new Map([
  ['maxStatusMessageBytes', 1024],
  ['maxOwnerBytes', 1024],
]);

type Limits = TaskLimits & ShareLimits;

const ALL_DEFAULTS: Limits = { ...DEFAULT_LIMITS, ...DEFAULT_SHARE_LIMITS };

const LIMITS = Object.fromEntries(
  Object.keys(ALL_DEFAULTS).map((name) => [
    name,
    option.integer(name === 'keepResultMs' ? 0 : 1, HEAD_LIMITS.get(name)),
  ]),
);

const EXECUTOR_METHODS = option.methods(
  'a TaskExecutor with a queue, as inProcessExecutor() makes one',
  'start',
  'submit',
  'drain',
  'close',
);

const EXECUTOR: OptionKind = {
  ...EXECUTOR_METHODS,
  fits: (value) => EXECUTOR_METHODS.fits(value) && typeof (value as { queue?: unknown }).queue === 'string',
};

const TASKS_OPTIONS: OptionTableOf<TasksOptions> = {
  store: option.either(
    { ...option.text, expected: 'a URL such as "sqlite:tasks.db"' },
    option.methods('a TaskStore', 'create', 'get', 'update', 'close'),
  ),
  executor: EXECUTOR,
  limits: option.fields(LIMITS),
  clock: option.methods('a Clock', 'nowMs', 'after'),
  authorize: option.callback,
  authorizeAccess: option.listOf(option.choice(...ACCESSES)),
  authorizeEveryMs: option.integer(1),
  onEvent: option.callback,
  onBackgroundError: option.callback,
  leaseMs: option.integer(1),
  parkAfterMs: option.integer(0),
  maxCrashes: option.integer(1),
  graceMs: option.integer(0),
  sweepIntervalMs: option.integer(1),
};

/** Check the options, and fill in the defaults of what concerns runs. @throws as {@link checkOptions} */
export function runSettings(options: TasksOptions): RunSettings {
  checkOptions('createTasks', options, TASKS_OPTIONS);
  const { leaseMs = 20_000, parkAfterMs = 30_000, maxCrashes = 3, graceMs = 5_000 } = options;
  const { sweepIntervalMs = MINUTE_MS, authorizeEveryMs, authorizeAccess } = options;
  return {
    leaseMs,
    parkAfterMs,
    maxCrashes,
    graceMs,
    sweepIntervalMs,
    authorizeEveryMs,
    authorizeAccess: new Set(authorizeAccess),
  };
}

/** Fill in the limits that are not given. @throws as {@link runSettings} */
export function taskLimits(given: TasksOptions['limits'] = {}, defaults: Limits = ALL_DEFAULTS): Limits {
  checkOptions('createTasks', { limits: given }, { limits: option.fields(LIMITS) });
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  const limits: Limits = { ...defaults, ...Object.fromEntries(set) };
  if (limits.minTtlMs <= limits.maxTtlMs) return limits;
  if (given.minTtlMs === undefined) return { ...limits, minTtlMs: limits.maxTtlMs };
  throw new RangeError(
    `limits.minTtlMs must be at most limits.maxTtlMs, which is ${limits.maxTtlMs}, and not ${limits.minTtlMs}.`,
  );
}
