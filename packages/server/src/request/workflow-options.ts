import { checkName } from '@mcp-tasks/runner/engine';
import { option, type OptionTableOf } from '@mcp-tasks/wire';

/**
 * How workflows are served.
 *
 * @example
 * const workflows: WorkflowServingOptions = { continueTool: 'go_on', handOffWaitMs: 5_000 };
 * const app = serveTasks(tasks, () => new McpServer({ name: 'reports', version: '1.0.0' }), { workflows });
 */
export interface WorkflowServingOptions {
  /**
   * Name of the tool by which a model does a step of a workflow task, since models cannot set `_meta`; false = there is
   * none, and the hand-off names neither tool nor task. Default `continue_workflow`.
   */
  readonly continueTool?: string | false | undefined;
  /**
   * How long `prompts/get` waits for a workflow to stop by itself before it answers with the plan as it stands; default
   * 20 s, 0 = not at all.
   */
  readonly handOffWaitMs?: number | undefined;
  /**
   * 2025-11-25: `tasks/cancel` with a `result` completes a workflow task with that result, marked as the client's.
   * Default false.
   */
  readonly completeByCancel?: boolean | undefined;
}

/** {@link WorkflowServingOptions} with nothing left open. */
export interface WorkflowSettings {
  /** Undefined = there is no such tool. */
  readonly continueTool: string | undefined;
  readonly handOffWaitMs: number;
  readonly completeByCancel: boolean;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The options of {@link WorkflowServingOptions}. */
export const WORKFLOW_SERVING_OPTIONS: OptionTableOf<WorkflowServingOptions> = {
  continueTool: {
    expected: 'the name of a tool, or false',
    fits: (value) => value === false || (typeof value === 'string' && value !== ''),
  },
  handOffWaitMs: option.integer(0, LONGEST_TIMER_MS),
  completeByCancel: option.flag,
};

/** Fill in the defaults. @throws {TypeError} `continueTool` is not a name that a tool can have. */
export function workflowSettings(options: WorkflowServingOptions = {}): WorkflowSettings {
  const { continueTool = 'continue_workflow', handOffWaitMs = 20_000, completeByCancel = false } = options;
  if (continueTool !== false) checkName('workflows.continueTool', continueTool);
  return { continueTool: continueTool === false ? undefined : continueTool, handOffWaitMs, completeByCancel };
}
