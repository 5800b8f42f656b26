import { checkOptions, option, type OptionTableOf } from '@mcp-tasks/wire';

const BRAND = Symbol.for('io.github.mcp-tasks/step-error');

/**
 * Options of {@link StepError}.
 *
 * @example
 * const options: StepErrorOptions = { retryable: true, cause: new Error('timed out') };
 * throw new StepError('The registry did not answer.', options);
 */
export interface StepErrorOptions {
  /** Whether the same call may succeed later: overrides the step's `retryable` for this failure. */
  readonly retryable: boolean;
  readonly cause?: unknown;
}

const STEP_ERROR_OPTIONS: OptionTableOf<StepErrorOptions> = { retryable: option.flag, cause: option.any };

/**
 * Thrown by a tool to say whether this failure may be retried. Outside of a workflow it is an error like any other.
 *
 * @example
 * throw new StepError('No such region: atlantis', { retryable: false });
 */
export class StepError extends Error {
  override readonly name = 'StepError';
  readonly [BRAND] = true;
  readonly retryable: boolean;

  constructor(message: string, options: StepErrorOptions) {
    checkOptions('StepError', options, STEP_ERROR_OPTIONS);
    const { retryable, cause } = options;
    super(message, cause === undefined ? undefined : { cause });
    this.retryable = retryable;
  }

  /** Tell whether a caught value is a {@link StepError}, also one from another copy of this package. */
  static is(value: unknown): value is StepError {
    return typeof value === 'object' && value !== null && BRAND in value;
  }
}
