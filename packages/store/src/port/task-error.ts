import type { JsonObject } from '@mcp-tasks/wire';

const BRAND = Symbol.for('io.github.mcp-tasks/task-error');

/** The codes of {@link TaskError}; never renamed. `docs/errors.md` lists them. */
export const TASK_ERROR_CODES = [
  // the caller's mistakes
  'TASK_NOT_FOUND',
  'TASK_INVALID_TRANSITION',
  'TASK_ALREADY_TERMINAL',
  'TASK_CANCELLED',
  'TASK_QUOTA_EXCEEDED',
  'REQUEST_LIMIT',
  'LISTEN_LIMIT',
  'RESULT_WAIT_LIMIT',
  'TASK_OWNER_REQUIRED',
  'TASK_ANSWER_INVALID',
  'INVALID_CURSOR',
  'INVALID_TTL',
  'INVALID_ARGUMENTS',
  'ARGUMENTS_TOO_LARGE',
  'IDEMPOTENCY_KEY_INVALID',
  'IDEMPOTENCY_KEY_REUSED',
  'OWNER_INVALID',
  'CALLER_INVALID',
  'AUTH_EXPIRED',
  'TOOL_NOT_FOUND',
  // a call that this client, or this tool, cannot do
  'TASK_NOT_SUPPORTED',
  'TASK_REQUIRED',
  'CLIENT_CAPABILITY_REQUIRED',
  // the handler's mistakes
  'NAME_INVALID',
  'VARIABLE_TOO_LARGE',
  'VARIABLE_STRING_TOO_LONG',
  'VARIABLE_TOO_DEEP',
  'VARIABLE_INVALID',
  'CHECKPOINT_TOO_LARGE',
  'CHECKPOINT_LIMIT',
  'STEP_NAME_REUSED',
  'STEP_TIMEOUT',
  'SLEEP_TOO_LONG',
  'QUESTION_KEY_REUSED',
  'QUESTION_LIMIT',
  'INPUT_UNSUPPORTED',
  'INPUT_REFUSED',
  'RESULT_TOO_LARGE',
  'RESULT_INVALID',
  'VALUE_NOT_JSON',
  'RERUN_REQUIRED',
  // the handler's mistakes that are reported in the background, not to the handler
  'EFFECT_NOT_AWAITED',
  'REPORT_INVALID',
  'EVENT_LOOP_BLOCKED',
  // a run that may not, or could not, go on
  'RUN_ENDED',
  'TASK_INTERRUPTED',
  'WORKFLOW_INCOMPATIBLE',
  // the store
  'STORE_CONFLICT',
  'STORE_UNAVAILABLE',
  'STORE_INCOMPATIBLE',
  'STORE_CORRUPT_RECORD',
  'STORE_CLOSED',
  // how the application loads our packages
  'COPIES_MIXED',
] as const;

/** One of {@link TASK_ERROR_CODES}. */
export type TaskErrorCode = (typeof TASK_ERROR_CODES)[number];

/**
 * Options of a {@link TaskError}, beside code and message.
 *
 * @example
 * const options: TaskErrorOptions = { retryable: true, details: { taskId: 'abc' } };
 * throw new TaskError('STORE_UNAVAILABLE', 'The store cannot be reached.', options);
 */
export interface TaskErrorOptions {
  /** Structured facts (ids, limits, sizes) that the client may see; no payloads, no secrets. */
  readonly details?: JsonObject | undefined;
  /** Whether the same call may succeed later without a change; default false. */
  readonly retryable?: boolean | undefined;
  /** The underlying error, for logs only. */
  readonly cause?: unknown;
}

/** Every failure of mcp-tasks. The code is stable; the message says what happened, to which task, and what to do. */
export class TaskError extends Error {
  override readonly name = 'TaskError';
  readonly [BRAND] = true;
  readonly code: TaskErrorCode;
  readonly details: JsonObject;
  readonly retryable: boolean;

  constructor(code: TaskErrorCode, message: string, options: TaskErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
    this.retryable = options.retryable ?? false;
  }

  /** Tell whether a caught value is a {@link TaskError} (of this code), also one from another copy of this package. */
  static is(value: unknown, code?: TaskErrorCode): value is TaskError {
    return (
      typeof value === 'object' &&
      value !== null &&
      BRAND in value &&
      (code === undefined || (value as TaskError).code === code)
    );
  }
}
