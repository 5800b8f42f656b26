import { TASK_ERROR_CODES, TaskError } from '@mcp-tasks/store';
import { ProtocolFailure } from '@mcp-tasks/wire';
import { ProtocolError } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { isFault, jsonRpcCode, toErrorObject, toProtocolError } from '../../src/request/errors.ts';

/** Changing a number here changes what clients see: it needs a changeset. */
const PINNED: Record<string, number> = {
  TASK_NOT_FOUND: -32602,
  TASK_INVALID_TRANSITION: -32602,
  TASK_ALREADY_TERMINAL: -32602,
  TASK_CANCELLED: -32602,
  TASK_QUOTA_EXCEEDED: -32602,
  REQUEST_LIMIT: -32602,
  LISTEN_LIMIT: -32602,
  RESULT_WAIT_LIMIT: -32602,
  TASK_OWNER_REQUIRED: -32602,
  TASK_ANSWER_INVALID: -32602,
  INVALID_CURSOR: -32602,
  INVALID_TTL: -32602,
  INVALID_ARGUMENTS: -32602,
  ARGUMENTS_TOO_LARGE: -32602,
  IDEMPOTENCY_KEY_INVALID: -32602,
  IDEMPOTENCY_KEY_REUSED: -32602,
  OWNER_INVALID: -32602,
  CALLER_INVALID: -32602,
  AUTH_EXPIRED: -32602,
  TOOL_NOT_FOUND: -32602,
  TASK_NOT_SUPPORTED: -32601,
  TASK_REQUIRED: -32601,
  CLIENT_CAPABILITY_REQUIRED: -32021,
  INPUT_UNSUPPORTED: -32021,
  NAME_INVALID: -32603,
  VARIABLE_TOO_LARGE: -32603,
  VARIABLE_STRING_TOO_LONG: -32603,
  VARIABLE_TOO_DEEP: -32603,
  VARIABLE_INVALID: -32603,
  CHECKPOINT_TOO_LARGE: -32603,
  CHECKPOINT_LIMIT: -32603,
  STEP_NAME_REUSED: -32603,
  STEP_TIMEOUT: -32603,
  SLEEP_TOO_LONG: -32603,
  QUESTION_KEY_REUSED: -32603,
  QUESTION_LIMIT: -32603,
  INPUT_REFUSED: -32603,
  RESULT_TOO_LARGE: -32603,
  RESULT_INVALID: -32603,
  VALUE_NOT_JSON: -32603,
  RERUN_REQUIRED: -32603,
  EFFECT_NOT_AWAITED: -32603,
  REPORT_INVALID: -32603,
  EVENT_LOOP_BLOCKED: -32603,
  RUN_ENDED: -32603,
  TASK_INTERRUPTED: -32603,
  WORKFLOW_INCOMPATIBLE: -32603,
  STORE_CONFLICT: -32603,
  STORE_UNAVAILABLE: -32603,
  STORE_INCOMPATIBLE: -32603,
  STORE_CORRUPT_RECORD: -32603,
  STORE_CLOSED: -32603,
  COPIES_MIXED: -32603,
};

describe('the table from task errors to JSON-RPC', () => {
  it('[TYPE-09] gives every code the number that is pinned here', () => {
    expect(Object.fromEntries(TASK_ERROR_CODES.map((code) => [code, jsonRpcCode(code)]))).toEqual(PINNED);
  });

  it('[TYPE-09] sends code and details of a caller mistake as data', () => {
    const error = new TaskError('TASK_QUOTA_EXCEEDED', 'too many', { details: { maxActiveTasks: 100 } });
    expect(toErrorObject(error)).toEqual({
      code: -32602,
      message: 'too many',
      data: { code: 'TASK_QUOTA_EXCEEDED', maxActiveTasks: 100 },
    });
  });

  it('tells nothing of a store failure but its code', () => {
    const error = new TaskError('STORE_UNAVAILABLE', 'ECONNREFUSED 10.0.0.1', {
      details: { host: '10.0.0.1' },
      cause: new TypeError('password authentication failed'),
    });
    expect(toErrorObject(error)).toEqual({
      code: -32603,
      message: 'Internal error',
      data: { code: 'STORE_UNAVAILABLE' },
    });
  });

  it.each([new TypeError('secret'), 'a string', undefined, null, { code: -32000, message: 'not ours' }])(
    'tells nothing of %o, which nobody meant for a client',
    (thrown) => {
      expect(toErrorObject(thrown)).toEqual({ code: -32603, message: 'Internal error' });
    },
  );

  it('sends what a tool or the SDK meant for the client as it is', () => {
    expect(toErrorObject(new ProtocolFailure(-32000, 'mine', { a: 1 }))).toEqual({
      code: -32000,
      message: 'mine',
      data: { a: 1 },
    });
    expect(toErrorObject(new ProtocolError(-32001, 'theirs'))).toEqual({ code: -32001, message: 'theirs' });
    expect(toProtocolError(new ProtocolFailure(-32000, 'mine', { a: 1 }))).toMatchObject({
      code: -32000,
      message: 'mine',
      data: { a: 1 },
    });
  });

  it('calls faults what somebody on the server should look at', () => {
    const faults = [new TypeError('bug'), new TaskError('STORE_UNAVAILABLE', 'down'), 'string'];
    const others = [
      new TaskError('TASK_NOT_FOUND', 'no'),
      new TaskError('RUN_ENDED', 'gone'),
      new TaskError('STORE_CLOSED', 'closing'),
      new ProtocolFailure(-32603, 'meant'),
      new ProtocolError(-32603, 'meant'),
    ];
    expect([...faults, ...others].map(isFault)).toEqual([true, true, true, false, false, false, false, false]);
  });
});
