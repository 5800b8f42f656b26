// The public surface of @mcp-tasks/runner/testing, for authors' tests of their tools. Adding a line here makes a promise.

export { fakeClock } from './fake-clock.ts';
export type { FakeClock } from './fake-clock.ts';
export { runTool } from './run-tool.ts';
export type { RunToolOptions, TestAnswer, ToolRun } from './run-tool.ts';
export { inspect } from './internals.ts';
export type { TasksInspection } from './internals.ts';
