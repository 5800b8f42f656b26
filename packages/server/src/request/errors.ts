import { TaskError, type TaskErrorCode } from '@mcp-tasks/store';
import { JSON_RPC_ERROR, type JsonRpcError, type JsonValue, ProtocolFailure } from '@mcp-tasks/wire';
import { ProtocolError } from '@modelcontextprotocol/server';

const { METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR, MISSING_REQUIRED_CLIENT_CAPABILITY } = JSON_RPC_ERROR;

/**
 * The JSON-RPC code of every {@link TaskError}: the caller's mistakes, what does not exist for this caller, and ours.
 */
export function jsonRpcCode(code: TaskErrorCode): number {
  switch (code) {
    case 'TASK_NOT_FOUND':
    case 'TASK_INVALID_TRANSITION':
    case 'TASK_ALREADY_TERMINAL':
    case 'TASK_CANCELLED':
    case 'TASK_QUOTA_EXCEEDED':
    case 'REQUEST_LIMIT':
    case 'LISTEN_LIMIT':
    case 'RESULT_WAIT_LIMIT':
    case 'TASK_OWNER_REQUIRED':
    case 'TASK_ANSWER_INVALID':
    case 'INVALID_CURSOR':
    case 'INVALID_TTL':
    case 'INVALID_ARGUMENTS':
    case 'ARGUMENTS_TOO_LARGE':
    case 'IDEMPOTENCY_KEY_INVALID':
    case 'IDEMPOTENCY_KEY_REUSED':
    case 'OWNER_INVALID':
    case 'CALLER_INVALID':
    case 'AUTH_EXPIRED':
    case 'TOOL_NOT_FOUND':
      return INVALID_PARAMS;
    case 'TASK_NOT_SUPPORTED':
    case 'TASK_REQUIRED':
      return METHOD_NOT_FOUND;
    case 'CLIENT_CAPABILITY_REQUIRED':
    case 'INPUT_UNSUPPORTED':
      return MISSING_REQUIRED_CLIENT_CAPABILITY;
    case 'NAME_INVALID':
    case 'VARIABLE_TOO_LARGE':
    case 'VARIABLE_STRING_TOO_LONG':
    case 'VARIABLE_TOO_DEEP':
    case 'VARIABLE_INVALID':
    case 'CHECKPOINT_TOO_LARGE':
    case 'CHECKPOINT_LIMIT':
    case 'STEP_NAME_REUSED':
    case 'STEP_TIMEOUT':
    case 'SLEEP_TOO_LONG':
    case 'QUESTION_KEY_REUSED':
    case 'QUESTION_LIMIT':
    case 'INPUT_REFUSED':
    case 'RESULT_TOO_LARGE':
    case 'RESULT_INVALID':
    case 'VALUE_NOT_JSON':
    case 'RERUN_REQUIRED':
    case 'EFFECT_NOT_AWAITED':
    case 'REPORT_INVALID':
    case 'EVENT_LOOP_BLOCKED':
    case 'RUN_ENDED':
    case 'TASK_INTERRUPTED':
    case 'WORKFLOW_INCOMPATIBLE':
    case 'STORE_CONFLICT':
    case 'STORE_UNAVAILABLE':
    case 'STORE_INCOMPATIBLE':
    case 'STORE_CORRUPT_RECORD':
    case 'STORE_CLOSED':
    case 'COPIES_MIXED':
      return INTERNAL_ERROR;
  }
}

/**
 * The JSON-RPC error for anything that was thrown.
 *
 * A tool's `ProtocolFailure` and the SDK's protocol errors are sent as they are, a {@link TaskError} with its code and
 * details as data. Of faults of ours and of unknown errors nothing is told but that, so that no driver text gets out.
 */
export function toErrorObject(error: unknown): JsonRpcError {
  if (ProtocolFailure.is(error) || error instanceof ProtocolError) {
    const { code, message, data } = error;
    return { code, message, ...(data !== undefined && { data: data as JsonValue }) };
  }
  if (!TaskError.is(error)) return { code: INTERNAL_ERROR, message: 'Internal error' };
  const code = jsonRpcCode(error.code);
  if (code === INTERNAL_ERROR) return { code, message: 'Internal error', data: { code: error.code } };
  return { code, message: error.message, data: { ...error.details, code: error.code } };
}

/** The client no longer waits for the answer, or the task layer is closing: neither is a fault. */
const EXPECTED: readonly TaskErrorCode[] = ['RUN_ENDED', 'STORE_CLOSED'];

/**
 * Tell whether an error is a fault of ours or the store's, of which the client learns nothing: the operator has to look
 * at it.
 */
export function isFault(error: unknown): boolean {
  if (ProtocolFailure.is(error) || error instanceof ProtocolError) return false;
  return !TaskError.is(error) || (jsonRpcCode(error.code) === INTERNAL_ERROR && !EXPECTED.includes(error.code));
}

/** The same as an error that the SDK sends unchanged when a handler throws it. */
export function toProtocolError(error: unknown): ProtocolError {
  const { code, message, data } = toErrorObject(error);
  return new ProtocolError(code, message, data);
}
