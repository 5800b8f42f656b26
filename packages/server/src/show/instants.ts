// One request shows the instant of the one before more often than not: this saves a task 5 us in `bench/lifecycle`.
let latestMs = NaN;
let latestText = '';

/** An instant as both generations show it, as ISO 8601. */
export function toIso(ms: number): string {
  if (ms !== latestMs) {
    latestText = new Date(ms).toISOString();
    latestMs = ms;
  }
  return latestText;
}
