// The public surface of @mcp-tasks/server/testing. Adding a line here makes a promise.

// A client in memory, of either generation
export { connectTestClient } from './testing/test-client.ts';
export type { TestClient, TestClientOptions } from './testing/test-client.ts';
export type { StartedCall, TestCallOptions } from './testing/driver.ts';
export type { ReceivedNotification } from './testing/wire-client.ts';
