/**
 * One check for every object of options: a misspelled name or a value of another type, taken in silence, is found out
 * long after, by what did not happen.
 */
import { nearestName } from './nearest.ts';
import type { OptionKind, OptionTable } from './option-kind.ts';
import { shownValue } from './shown-value.ts';

/**
 * How {@link checkOptions} goes about an object of options.
 *
 * @example
 * const how: CheckOptionsOptions = { passesOn: true };
 * checkOptions('app.http', { keepAliveMs: 5_000 }, { maxSessions: option.integer(1) }, how);
 */
export interface CheckOptionsOptions {
  /** The object goes on to another library: of unknown names only those are refused that misspell one of the table. */
  readonly passesOn?: boolean | undefined;
}

/**
 * Check an object of options. `undefined` stands for the default of every option.
 *
 * @param where - begins the message: the function, or the tool or workflow.
 * @throws {TypeError} an option is unknown or has the wrong type. @throws {RangeError} a number is out of range. The
 *   message names option, value and, where a name is wrong, the nearest one.
 *
 * @example
 * const table = { drainMs: option.integer(0), anonymous: option.choice('refuse', 'allow') };
 * checkOptions('serveTasks', { drainMs: 10_000 }, table);
 */
export function checkOptions(
  where: string,
  options: unknown,
  table: OptionTable,
  { passesOn = false }: CheckOptionsOptions = {},
): void {
  if (options === undefined) return;
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(`${where}: the options must be an object, not ${shownValue(options)}.`);
  }
  checkFields(where, '', options as Readonly<Record<string, unknown>>, { table, passesOn });
}

interface FieldCheck {
  readonly table: OptionTable;
  readonly passesOn: boolean;
}

function checkFields(
  where: string,
  path: string,
  options: Readonly<Record<string, unknown>>,
  { table, passesOn }: FieldCheck,
): void {
  for (const name of Object.keys(options)) {
    const value = options[name];
    if (value === undefined) continue;
    const kind = Object.hasOwn(table, name) ? table[name] : undefined;
    if (kind === undefined) refuseUnknown(where, path + name, { name, value, passesOn, names: Object.keys(table) });
    else checkValue(where, path + name, value, kind);
  }
}

function refuseUnknown(
  where: string,
  path: string,
  given: {
    readonly name: string;
    readonly value: unknown;
    readonly passesOn: boolean;
    readonly names: readonly string[];
  },
): void {
  const near = nearestName(given.name.slice(0, 64), given.names);
  if (given.passesOn && near?.isNear !== true) return;
  const instead = near === undefined ? 'it takes none' : `the nearest is "${near.nearest}"`;
  throw new TypeError(
    `${where}: there is no option ${shownValue(path)} (${shownValue(given.value, given.name)}); ${instead}.`,
  );
}

function checkValue(where: string, path: string, value: unknown, kind: OptionKind): void {
  if (!kind.fits(value)) {
    const near = typeof value === 'string' ? nearestName(value.slice(0, 64), kind.names ?? []) : undefined;
    const instead = near === undefined ? '' : `; the nearest is "${near.nearest}"`;
    throw new TypeError(`${where}: ${path} must be ${kind.expected}, not ${shownValue(value, path)}${instead}.`);
  }
  if (kind.isInRange?.(value as never) === false) {
    throw new RangeError(`${where}: ${path} must be ${kind.expected}, not ${shownValue(value, path)}.`);
  }
  if (kind.items !== undefined) {
    for (const [place, item] of (value as readonly unknown[]).entries()) {
      checkValue(where, `${path}[${place}]`, item, kind.items);
    }
  }
  if (kind.fields === undefined) return;
  checkFields(where, `${path}.`, value as Readonly<Record<string, unknown>>, { table: kind.fields, passesOn: false });
}
