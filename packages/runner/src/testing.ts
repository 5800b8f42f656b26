// The public surface of @mcp-tasks/runner/testing, for authors' tests of their tools. Adding a line here makes a promise.

export { fakeClock } from './testing/fake-clock.ts';
export type { FakeClock } from './testing/fake-clock.ts';
export { runTool } from './testing/run-tool.ts';
export type { RunToolOptions, TestAnswer, ToolRun } from './testing/run-tool.ts';
export { inspect } from './process/internals.ts';
export type { TasksInspection } from './process/internals.ts';
