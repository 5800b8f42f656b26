import type { JsonValue } from '../schema/json.ts';

const BRAND = Symbol.for('io.github.mcp-tasks/protocol-failure');

/**
 * A JSON-RPC error that a tool means to answer with: thrown in a handler, it is stored as the task's error
 * and answered as that error, with code, message and data, also when the tool runs inline.
 *
 * Any other throw becomes a result with `isError`.
 */
export class ProtocolFailure extends Error {
  override readonly name = 'ProtocolFailure';
  readonly [BRAND] = true;
  /** JSON-RPC error code, an integer. */
  readonly code: number;
  /** Sent to the client as `error.data`. */
  readonly data: JsonValue | undefined;

  constructor(code: number, message: string, data?: JsonValue) {
    super(message);
    this.code = code;
    this.data = data;
  }

  /** Tell whether a caught value is a {@link ProtocolFailure}, also one from another copy of this package. */
  static is(value: unknown): value is ProtocolFailure {
    return typeof value === 'object' && value !== null && BRAND in value;
  }
}
