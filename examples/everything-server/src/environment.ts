import { statSync } from 'node:fs';
import { z } from 'zod';
import { storeUrlProblem } from './stores.ts';

/** The longest delay of a Node timer. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** A whole number in decimal digits. */
function integer(minimum: number, maximum: number): z.ZodType<number, string> {
  const message = `must be a whole number from ${minimum} to ${maximum}`;
  return z
    .string()
    .regex(/^[0-9]{1,16}$/, message)
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, message);
}

const flag = z.enum(['0', '1'], 'must be 0 or 1').transform((text) => text === '1');

/** Bearer tokens as RFC 6750 allows them in the header. */
const tokens = z
  .string()
  .regex(
    /^[A-Za-z0-9._~+/-]+=*(,[A-Za-z0-9._~+/-]+=*)*$/,
    'must be bearer tokens of letters, digits and ._~+/- with commas between them',
  )
  .transform((text): ReadonlySet<string> => new Set(text.split(',')));

const store = z.string().check((context) => {
  const message = storeUrlProblem(context.value);
  if (message !== undefined) context.issues.push({ code: 'custom', message, input: context.value });
});

const directory = z
  .string()
  .refine((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true, 'must be an existing directory');

/** Every variable of the server: what it must look like and what it is without one. */
const VARIABLES = z.object({
  PORT: integer(0, 65_535).default(3000),
  STDIO: flag.default(false),
  SESSIONS: flag.default(false),
  STORE_URL: store.default('memory:'),
  TOKENS: tokens.optional(),
  COUNT_DIR: directory.optional(),
  STEP_MS: integer(0, MAX_TIMER_MS).default(0),
  DRAIN_MS: integer(0, MAX_TIMER_MS).default(5_000),
  MAX_ACTIVE_TASKS: integer(1, Number.MAX_SAFE_INTEGER).optional(),
  DEFAULT_TTL_MS: integer(1, Number.MAX_SAFE_INTEGER).optional(),
  MIN_TTL_MS: integer(1, Number.MAX_SAFE_INTEGER).default(1),
  MAX_TTL_MS: integer(1, Number.MAX_SAFE_INTEGER).optional(),
  POLL_INTERVAL_MS: integer(1, MAX_TIMER_MS).default(100),
  LEASE_MS: integer(1, MAX_TIMER_MS).default(3_000),
  PARK_AFTER_MS: integer(0, MAX_TIMER_MS).optional(),
  SWEEP_INTERVAL_MS: integer(1, MAX_TIMER_MS).optional(),
  MAX_CRASHES: integer(1, Number.MAX_SAFE_INTEGER).optional(),
});

/** Settings from the environment, by variable. */
export type Environment = z.output<typeof VARIABLES>;

/** The environment, or one line that says what is wrong with it. */
export type ParsedEnvironment =
  { readonly ok: true; readonly environment: Environment } | { readonly ok: false; readonly problem: string };

/** Read the variables of the server. The problem names variables and never repeats a value, which may be a secret. */
export function parseEnvironment(variables: Readonly<Record<string, string | undefined>>): ParsedEnvironment {
  const parsed = VARIABLES.safeParse(variables);
  if (parsed.success) return { ok: true, environment: parsed.data };
  const problems = new Map(parsed.error.issues.map((issue) => [issue.path.join('.'), issue.message]));
  return { ok: false, problem: [...problems].map(([name, message]) => `${name} ${message}`).join('; ') };
}
