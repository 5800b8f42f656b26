// The public surface of @mcp-tasks/workflow, for authors of workflows. Adding a line here makes a promise.

// Workflows
export { workflow } from './workflow.ts';
export { field } from './definition/reference.ts';
export type { ReadResource, ResourceRequest, WorkflowOptions } from './api/workflow-options.ts';
export type {
  ClientStep,
  ServerStep,
  StepOptions,
  StepQuestion,
  TextTemplate,
  UriTemplate,
  When,
  WorkflowBuilder,
} from './api/step-options.ts';
export type { Binding, Bindings, Output, Ref, Refs, Step, UntypedBindings, UntypedRef } from './api/reference-types.ts';

// Errors of a step
export { StepError } from './api/step-error.ts';
export type { StepErrorOptions } from './api/step-error.ts';
