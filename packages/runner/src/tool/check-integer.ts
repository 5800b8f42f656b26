/** Check an optional option that must be a safe integer from `least`. @throws {RangeError} it is not. */
export function checkInteger(name: string, value: number | undefined, least: number): number | undefined {
  if (value === undefined || (Number.isSafeInteger(value) && value >= least)) return value;
  throw new RangeError(`${name} must be a safe integer from ${least}, not ${String(value)}.`);
}
