import {
  CLIENT_CAPABILITIES_META_KEY,
  CompleteResult2026Schema,
  CreateTaskResult2026Schema,
  declaresTasksExtension,
  type DetailedTask2026,
  DetailedTask2026Schema,
  GetTaskResult2026Schema,
  InputRequests2026Schema,
  JSON_RPC_ERROR,
  ListenParams2026Schema,
  MissingCapabilityData2026Schema,
  SubscriptionsAcknowledgedParams2026Schema,
  type Task2026,
  Task2026Schema,
  TaskNotificationParams2026Schema,
  TASKS_EXTENSION_CAPABILITY_2026,
  TASKS_EXTENSION_ID,
  TASKS_EXTENSION_MISSING_2026,
  UpdateTaskParams2026Schema,
} from '@mcp-tasks/wire';
import * as core from '@modelcontextprotocol/core';
import * as v2 from '@modelcontextprotocol/ext-tasks/core/v2';
import { describe, expect, it } from 'vitest';

const fields = {
  taskId: '0b1c',
  createdAt: '2026-01-02T03:04:05.000Z',
  lastUpdatedAt: '2026-01-02T03:04:06.000Z',
  ttlMs: null,
};
const task: Task2026 = { ...fields, status: 'working' };

const question = {
  method: 'elicitation/create' as const,
  params: {
    mode: 'form' as const,
    message: 'Which?',
    requestedSchema: { type: 'object' as const, properties: { name: { type: 'string' as const } } },
  },
};

const DETAILED: readonly DetailedTask2026[] = [
  { ...fields, status: 'working' },
  { ...fields, status: 'input_required', inputRequests: { name: question } },
  { ...fields, status: 'completed', result: { resultType: 'complete', content: [], isError: true } },
  { ...fields, status: 'failed', error: { code: JSON_RPC_ERROR.INTERNAL_ERROR, message: 'broken' } },
  { ...fields, status: 'cancelled' },
];
const BROUGHT = { input_required: 'inputRequests', completed: 'result', failed: 'error' } as Record<string, string>;

describe('a task of the 2026-07-28 extension', () => {
  it('[TYPE-11] is written with ttlMs always, null = unlimited, and without what is not set', () => {
    const written = Task2026Schema.parse({ ...task, statusMessage: undefined, pollIntervalMs: undefined });
    expect(JSON.parse(JSON.stringify(written))).toEqual({ ...fields, status: 'working' });
    expect(Task2026Schema.safeParse({ ...task, ttlMs: undefined }).ok).toBe(false);
    expect(Task2026Schema.safeParse({ ...task, ttlMs: undefined, ttl: null }).ok).toBe(false);
  });

  it('[TYPE-11] is flat in the create result, which says resultType task', () => {
    const result = CreateTaskResult2026Schema.parse({ resultType: 'task', ...task, pollIntervalMs: 500 });
    expect(v2.CreateTaskResultV2Schema.parse(result)).toEqual(result);
    expect(v2.isToolCallTaskResultV2('tools/call', result)).toBe(true);
    expect(CreateTaskResult2026Schema.safeParse({ resultType: 'task', task }).ok).toBe(false);
    expect(CreateTaskResult2026Schema.safeParse({ resultType: 'complete', ...task }).ok).toBe(false);
  });

  it.each(DETAILED)('[TYPE-11] $status: what the status brings is required', (detailed) => {
    expect(DetailedTask2026Schema.parse(detailed)).toEqual(detailed);
    expect(v2.DetailedTaskV2Schema.parse(detailed)).toEqual(detailed);
    const brought = BROUGHT[detailed.status];
    if (brought === undefined) return;
    expect(DetailedTask2026Schema.safeParse({ ...detailed, [brought]: undefined }).ok).toBe(false);
  });

  it.each(DETAILED)('[TYPE-11] $status: get answers it with resultType complete', (detailed) => {
    const answer = GetTaskResult2026Schema.parse({ resultType: 'complete', ...detailed });
    expect(v2.GetTaskResultV2Schema.parse(answer)).toEqual(answer);
    expect(GetTaskResult2026Schema.safeParse(detailed).ok).toBe(false);
    expect(GetTaskResult2026Schema.safeParse({ resultType: 'task', ...detailed }).ok).toBe(false);
  });

  it.each(DETAILED)('[TYPE-11] $status: the notification carries what get would answer', (detailed) => {
    const params = TaskNotificationParams2026Schema.parse(detailed);
    const notification = { jsonrpc: '2.0', method: 'notifications/tasks', params };
    expect(v2.isTaskStatusNotificationV2(notification)).toBe(true);
  });

  it('[TYPE-11] update takes answers by key, and is acknowledged by an empty complete result', () => {
    const params = { taskId: 't', inputResponses: { name: { action: 'accept' as const, content: { name: 'Ada' } } } };
    expect(UpdateTaskParams2026Schema.parse(params)).toEqual(params);
    expect(v2.isUpdateTaskRequestV2({ jsonrpc: '2.0', id: 1, method: 'tasks/update', params })).toBe(true);
    expect(UpdateTaskParams2026Schema.safeParse({ taskId: 't' }).ok).toBe(false);
    expect(UpdateTaskParams2026Schema.parse({ taskId: 't', inputResponses: {} }).inputResponses).toEqual({});
    expect(JSON.stringify(CompleteResult2026Schema.parse({ resultType: 'complete' }))).toBe(
      '{"resultType":"complete"}',
    );
  });

  it('[TYPE-11] asks by form, sampling or roots, and by nothing else', () => {
    const requests = {
      form: question,
      joke: {
        method: 'sampling/createMessage' as const,
        params: {
          messages: [{ role: 'user' as const, content: { type: 'text' as const, text: 'joke' } }],
          maxTokens: 9,
        },
      },
      roots: { method: 'roots/list' as const },
    };
    expect(InputRequests2026Schema.parse(requests)).toEqual(requests);
    expect(InputRequests2026Schema.safeParse({ other: { method: 'tools/call', params: {} } }).ok).toBe(false);
  });

  it('[TYPE-11] a form has primitive fields only', () => {
    const nested = { type: 'object', properties: { address: { type: 'object', properties: {} } } };
    const asked = { form: { ...question, params: { ...question.params, requestedSchema: nested } } };
    expect(InputRequests2026Schema.safeParse(asked).ok).toBe(false);
  });

  it('[TYPE-11] listen asks for task ids, and the acknowledgement grants some as the official client reads it', () => {
    const listen = v2.contributeTaskFilterV2({}, ['a', 'b']);
    expect(ListenParams2026Schema.parse(listen).notifications.taskIds).toEqual(['a', 'b']);
    const granted = SubscriptionsAcknowledgedParams2026Schema.parse({ notifications: { taskIds: ['a'] } });
    expect(v2.readAcceptedTaskIdsV2(granted)).toEqual(['a']);
  });
});

describe('the tasks extension', () => {
  it('[TYPE-11] is declared by exactly the empty object, as the official client wants it', () => {
    expect(TASKS_EXTENSION_CAPABILITY_2026).toEqual({ 'io.modelcontextprotocol/tasks': {} });
    expect(v2.hasTaskServerCapabilityV2({ extensions: TASKS_EXTENSION_CAPABILITY_2026 })).toBe(true);
    expect(() => Object.assign(TASKS_EXTENSION_CAPABILITY_2026, { other: {} })).toThrow(TypeError);
  });

  it('[TYPE-11] is found where the official client declares it', () => {
    const { _meta } = v2.withTaskCapabilityV2({ _meta: {} });
    expect(declaresTasksExtension((_meta as Record<string, unknown>)[CLIENT_CAPABILITIES_META_KEY])).toBe(true);
    expect(declaresTasksExtension({ extensions: { [TASKS_EXTENSION_ID]: { later: 1 } } })).toBe(true);
  });

  it.each([
    undefined,
    null,
    'io.modelcontextprotocol/tasks',
    [],
    {},
    { tasks: {} },
    { extensions: null },
    { extensions: [TASKS_EXTENSION_ID] },
    { extensions: { [TASKS_EXTENSION_ID]: null } },
    { extensions: { [TASKS_EXTENSION_ID]: true } },
    { extensions: { [TASKS_EXTENSION_ID]: [] } },
    { extensions: Object.create({ [TASKS_EXTENSION_ID]: {} }) as object },
    Object.create({ extensions: { [TASKS_EXTENSION_ID]: {} } }) as object,
  ])('[TYPE-11] is not declared by %j', (capabilities) => {
    expect(declaresTasksExtension(capabilities)).toBe(false);
  });

  it('[TYPE-11] its absence is error -32021, whose data names it', () => {
    expect(JSON_RPC_ERROR.MISSING_REQUIRED_CLIENT_CAPABILITY).toBe(-32021);
    expect(TASKS_EXTENSION_MISSING_2026).toEqual({
      requiredCapabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } },
    });
    expect(MissingCapabilityData2026Schema.parse(TASKS_EXTENSION_MISSING_2026)).toEqual(TASKS_EXTENSION_MISSING_2026);
    expect(core.ClientCapabilitiesSchema.safeParse(TASKS_EXTENSION_MISSING_2026.requiredCapabilities).success).toBe(
      true,
    );
    const elicitation = { requiredCapabilities: { elicitation: { form: {} } } };
    expect(MissingCapabilityData2026Schema.parse(elicitation)).toEqual(elicitation);
  });
});
