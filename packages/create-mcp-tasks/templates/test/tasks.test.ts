import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runTool } from '@mcp-tasks/runner/testing';
import { tasks } from '../src/tasks.js';

// runTool runs one tool as a task, on a store of its own in memory.
test('a report has all chapters, each from a step of its own', async () => {
  const run = await runTool({ tasks, name: 'write_report' }, { arguments: { month: '2026-07' } });

  assert.equal(run.status, 'completed');
  assert.deepEqual(run.steps, ['sales', 'costs', 'outlook']);
  const text = 'sales of 2026-07\ncosts of 2026-07\noutlook of 2026-07';
  assert.deepEqual(run.result?.content, [{ type: 'text', text }]);
});
