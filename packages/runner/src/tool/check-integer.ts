/** Check an optional option that must be a safe integer from `least` to `most`. @throws {RangeError} it is not. */
export function checkInteger(
  name: string,
  value: number | undefined,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): number | undefined {
  if (value === undefined || (Number.isSafeInteger(value) && value >= least && value <= most)) return value;
  const upTo = most === Number.MAX_SAFE_INTEGER ? '' : ` to ${most}`;
  throw new RangeError(`${name} must be a safe integer from ${least}${upTo}, not ${String(value)}.`);
}
