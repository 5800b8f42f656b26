import assert from 'node:assert/strict';

const DEADLINE_MS = 20_000;
const LOOK_EVERY_MS = 5;

/** Wait until something holds; fails when it never does. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + DEADLINE_MS;
  while (!holds()) {
    assert.ok(performance.now() < deadlineMs, `${what} did not come within ${DEADLINE_MS / 1_000} s`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** Wait for a call that must come to an end. */
export async function inTime<Value>(what: string, call: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new assert.AssertionError({ message: `${what} did not end within ${DEADLINE_MS / 1_000} s` }));
    }, DEADLINE_MS);
  });
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}
