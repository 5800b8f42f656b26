// What tests of a database store share. Needs vitest, so a process that a test starts must not import it.

export { describeUnless, type DescribeTests, whyMissing } from './missing.ts';
export { freePort, type OwnServer, startServer } from './own-server.ts';
export { startProcess } from './processes.ts';
export { describeRestarts } from './restart-tests.ts';
export { describeRoundTrips } from './round-trip-tests.ts';
export { createAtOnce, hearOfAnotherProcess } from './two-processes.ts';
