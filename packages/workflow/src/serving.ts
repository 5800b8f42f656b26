// The public surface of @mcp-tasks/workflow/serving, for packages that serve workflows. Adding a line here makes a promise.

export { workflowEngine } from './create-engine.ts';
export { workflowsOf } from './definition/registered.ts';
export { CONTINUATION_WARNING, WORKFLOW_ENTRY_KINDS } from './plan/entry-kinds.ts';
export type {
  ContinuationCall,
  ContinuationMatch,
  HandOffOptions,
  PromptMessage,
  Recorded,
  RecordedOutcome,
  StepCall,
  Workflow,
  WorkflowEngine,
  WorkflowView,
} from './api/workflow-engine.ts';
