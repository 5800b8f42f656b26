/** The step of a workflow that a tool runs as. */
export interface WorkflowStepInfo {
  /** Name of the workflow. */
  readonly workflow: string;
  /** The workflow's task. */
  readonly taskId: string;
  /** Name of the step. */
  readonly step: string;
  /** Number of times that the server, or a call that continues the workflow, began the step; this time included. */
  readonly attempt: number;
}
