import * as wire from '@mcp-tasks/wire';
import { describe, expect, it } from 'vitest';

// What stands on the wire, and what others import: changing a line here is a change for peers or users.

describe('what peers see', () => {
  it('[TYPE-11] error codes are those of JSON-RPC and of the extension', () => {
    expect(wire.JSON_RPC_ERROR).toEqual({
      METHOD_NOT_FOUND: -32601,
      INVALID_PARAMS: -32602,
      INTERNAL_ERROR: -32603,
      MISSING_REQUIRED_CLIENT_CAPABILITY: -32021,
    });
  });

  it('[TYPE-04] [TYPE-10] `_meta` keys are those of the specification, and ours under our prefix', () => {
    const keys = Object.entries(wire).filter(([name]) => name.endsWith('_META_KEY'));
    expect(Object.fromEntries(keys)).toEqual({
      CLIENT_CAPABILITIES_META_KEY: 'io.modelcontextprotocol/clientCapabilities',
      IDEMPOTENCY_KEY_META_KEY: 'io.github.mcp-tasks/idempotency-key',
      MODEL_IMMEDIATE_RESPONSE_META_KEY: 'io.modelcontextprotocol/model-immediate-response',
      RELATED_TASK_META_KEY: 'io.modelcontextprotocol/related-task',
      SUBSCRIPTION_ID_META_KEY: 'io.modelcontextprotocol/subscriptionId',
      VARIABLES_META_KEY: 'io.github.mcp-tasks/variables',
      WORKFLOW_META_KEY: 'io.github.mcp-tasks/workflow',
    });
    expect(wire.TASKS_EXTENSION_ID).toBe('io.modelcontextprotocol/tasks');
  });

  it('[TYPE-06] [TYPE-07] [TYPE-11] methods are those of the specification', () => {
    expect(wire.TASK_METHODS).toEqual({
      CALL_TOOL: 'tools/call',
      GET: 'tasks/get',
      CANCEL: 'tasks/cancel',
      RESULT_2025: 'tasks/result',
      LIST_2025: 'tasks/list',
      STATUS_NOTIFICATION_2025: 'notifications/tasks/status',
      UPDATE_2026: 'tasks/update',
      NOTIFICATION_2026: 'notifications/tasks',
      LISTEN_2026: 'subscriptions/listen',
      SUBSCRIPTIONS_ACKNOWLEDGED_2026: 'notifications/subscriptions/acknowledged',
      ELICIT: 'elicitation/create',
      SAMPLE: 'sampling/createMessage',
    });
  });
});

describe('what users import', () => {
  it('values besides schemas and constants are few', () => {
    const names = Object.keys(wire).filter((name) => !name.endsWith('Schema') && !/^[A-Z0-9_]+$/.test(name));
    expect(names.toSorted()).toEqual([
      'ProtocolFailure',
      'WireParseError',
      'canTransition',
      'checkOptions',
      'declaresTasksExtension',
      'isJsonObject',
      'isTerminalStatus',
      'modelImmediateResponseMeta',
      'option',
      'relatedTaskMeta',
    ]);
  });
});
