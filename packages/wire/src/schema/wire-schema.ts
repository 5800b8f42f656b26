/** One reason why a value is not the message that it should be. */
export interface WireIssue {
  /** Where, as in `task.ttl` or `messages[0].role`; empty for the value itself. At most 200 characters. */
  readonly path: string;
  /** The problem, in words; never repeats the value. */
  readonly message: string;
}

/** Result of {@link WireSchema.safeParse}. */
export type WireParseResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly issues: readonly [WireIssue, ...WireIssue[]] };

/**
 * Checks one message of the wire.
 *
 * Keys that the specification does not name pass through. A parsed value is a copy as far as its fields are known;
 * free-form JSON (arguments, results, `_meta` values) is shared with the input.
 */
export interface WireSchema<T> {
  /** Check a value. @throws {WireParseError} - it is not such a message; names the field. */
  parse(value: unknown): T;
  /** Check a value; what is wrong is a value too. */
  safeParse(value: unknown): WireParseResult<T>;
}

const BRAND = Symbol.for('io.github.mcp-tasks/wire-parse-error');

/** A value is not the message that it should be. The message names the field and never repeats the value. */
export class WireParseError extends Error {
  override readonly name = 'WireParseError';
  readonly [BRAND] = true;
  /** The reasons, at most 20; the first one is in the message. */
  readonly issues: readonly [WireIssue, ...WireIssue[]];

  constructor(issues: readonly [WireIssue, ...WireIssue[]]) {
    const [{ path, message }] = issues;
    super(path === '' ? message : `${path}: ${message}`);
    this.issues = issues;
  }

  /** Tell whether a caught value is a {@link WireParseError}, also one from another copy of this package. */
  static is(value: unknown): value is WireParseError {
    return typeof value === 'object' && value !== null && BRAND in value;
  }
}
