import { describe } from 'vitest';

/** Why tests cannot run here, after saying so; undefined when they can. With CI=true a failing probe is a failure. */
export async function whyMissing(what: string, probe: () => unknown): Promise<string | undefined> {
  try {
    await probe();
    return undefined;
  } catch (error) {
    if (process.env['CI'] === 'true') throw error;
    const reason = `${what}: ${String(error)}`;
    console.warn(`skipped: ${reason}`);
    return reason;
  }
}

/** Describes tests that need what may be missing. */
export type DescribeTests = (name: string, tests: () => void) => void;

/** A `describe` whose tests are skipped for a reason of `whyMissing`. */
export function describeUnless(missing: string | undefined): DescribeTests {
  return (name, tests) => {
    describe.skipIf(missing)(name, tests); // what they need is not here, which CI=true makes a failure in whyMissing
  };
}
