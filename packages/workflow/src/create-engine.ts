import type { Tasks, ToolCall } from '@mcp-tasks/runner';
import type { WorkflowEngine } from './api/workflow-engine.ts';
import { completeByClient } from './engine/complete-by-client.ts';
import { continuations } from './engine/continue.ts';
import { resume } from './engine/resume.ts';
import { runPlain } from './engine/run-plain.ts';
import { readWorkflowTask, stateNow, workflowTaskOf } from './engine/workflow-task.ts';
import type { Continuing } from './hand-off/hand-off-text.ts';
import { viewOf } from './hand-off/view.ts';

/** The workflows of a task layer, for who serves them. */
export function workflowEngine(tasks: Tasks): WorkflowEngine {
  const how = (continueTool: string | undefined, taskId: string): Continuing =>
    continueTool === undefined ? { kind: 'meta' } : { kind: 'tool', tool: continueTool, taskId };
  return {
    create: (call: ToolCall) => tasks.startTask(call),
    resume: (owner, taskId, workflow, args) => resume(tasks, { owner, taskId, workflow, arguments: args }),
    async view(owner, taskId, { continueTool }) {
      const task = await readWorkflowTask(tasks, owner, taskId);
      return viewOf(task.record.head, stateNow(task), how(continueTool, taskId));
    },
    viewOf(record, { continueTool }) {
      const task = workflowTaskOf(tasks, record);
      return viewOf(record.head, stateNow(task), how(continueTool, record.head.taskId));
    },
    runPlain: (call, host) => runPlain(tasks, call, host),
    ...continuations(tasks),
    completeByClient: (owner, taskId, result) => completeByClient(tasks, { owner, taskId, result }),
  };
}
