// The public surface of @mcp-tasks/store-sqlite. Adding a line here makes a promise.
export {};
