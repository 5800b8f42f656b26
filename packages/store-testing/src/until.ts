const DEADLINE_MS = 40_000;
const LOOK_EVERY_MS = 10;

/** Wait until something holds; fails when it never does. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + DEADLINE_MS;
  while (!(await holds())) {
    if (performance.now() > deadlineMs) throw new TypeError(`${what} did not come within ${DEADLINE_MS / 1_000} s.`);
    // What is awaited happens in another process, which no clock of the test drives.
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
