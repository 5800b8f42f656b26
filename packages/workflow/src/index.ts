// The public surface of @mcp-tasks/workflow. Adding a line here makes a promise.

// Errors of a step
export { StepError } from './step-error.ts';
export type { StepErrorOptions } from './step-error.ts';

// For who serves workflows to clients
export { workflowEngine } from './create-engine.ts';
export { workflowsOf } from './registered.ts';
export { CONTINUATION_WARNING, WORKFLOW_ENTRY_KINDS } from './continuation.ts';
export type {
  CallOutcome,
  ContinuationCall,
  ContinuationMatch,
  HandOffOptions,
  PromptMessage,
  Recorded,
  StepCall,
  Workflow,
  WorkflowEngine,
  WorkflowStepInfo,
  WorkflowView,
} from './workflow-engine.ts';
