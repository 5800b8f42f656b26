import { checkName } from '@mcp-tasks/runner/engine';
import { isJsonObject } from '@mcp-tasks/wire';

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

/** Check the options. @throws {TypeError} one has the wrong type; {RangeError} `handOffWaitMs` is out of range. */
export function workflowSettings(options: WorkflowServingOptions = {}): WorkflowSettings {
  const given: unknown = options;
  if (!isJsonObject(given)) throw new TypeError('workflows must be an object.');
  const { continueTool = 'continue_workflow', handOffWaitMs = 20_000, completeByCancel = false } = options;
  if (continueTool !== false && (typeof continueTool !== 'string' || continueTool === '')) {
    throw new TypeError('workflows.continueTool must be the name of a tool, or false.');
  }
  if (continueTool !== false) checkName('workflows.continueTool', continueTool);
  if (!Number.isSafeInteger(handOffWaitMs) || handOffWaitMs < 0 || handOffWaitMs > LONGEST_TIMER_MS) {
    throw new RangeError(`workflows.handOffWaitMs must be a whole number from 0 to ${LONGEST_TIMER_MS}.`);
  }
  if (typeof completeByCancel !== 'boolean') throw new TypeError('workflows.completeByCancel must be a boolean.');
  return { continueTool: continueTool === false ? undefined : continueTool, handOffWaitMs, completeByCancel };
}
