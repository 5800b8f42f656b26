import {
  CallToolParams2025Schema,
  CLIENT_TASKS_CAPABILITY_2025,
  ClientTasksCapability2025Schema,
  CreateTaskResult2025Schema,
  GetTaskResult2025Schema,
  ListTasksParams2025Schema,
  ListTasksResult2025Schema,
  MODEL_IMMEDIATE_RESPONSE_META_KEY,
  modelImmediateResponseMeta,
  RELATED_TASK_META_KEY,
  relatedTaskMeta,
  RelatedTaskMetadataSchema,
  SERVER_TASKS_CAPABILITY_2025,
  ServerTasksCapability2025Schema,
  TASK_SUPPORTS,
  type Task2025,
  Task2025Schema,
  TaskIdParams2025Schema,
  TaskStatusNotificationParams2025Schema,
  TaskSupportSchema,
  ToolExecution2025Schema,
} from '@mcp-tasks/wire';
import * as core from '@modelcontextprotocol/core';
import * as v1 from '@modelcontextprotocol/ext-tasks/core/v1';
import { describe, expect, it } from 'vitest';

const task: Task2025 = {
  taskId: '0b1c',
  status: 'working',
  createdAt: '2026-01-02T03:04:05.000Z',
  lastUpdatedAt: '2026-01-02T03:04:06.000Z',
  ttl: null,
};
const TASK_TEXT =
  '"taskId":"0b1c","status":"working","createdAt":"2026-01-02T03:04:05.000Z",' +
  '"lastUpdatedAt":"2026-01-02T03:04:06.000Z","ttl":null';

describe('a task of 2025-11-25', () => {
  it('[TYPE-01] is written with ttl always, null = unlimited, and without what is not set', () => {
    const written = Task2025Schema.parse({ ...task, statusMessage: undefined, pollInterval: undefined });
    expect(JSON.stringify(written)).toBe(`{${TASK_TEXT}}`);
    expect(Task2025Schema.safeParse({ ...task, ttl: undefined }).ok).toBe(false);
  });

  it('[TYPE-01] is written with all that it can carry', () => {
    const full: Task2025 = { ...task, ttl: 60000, statusMessage: 'half way', pollInterval: 500 };
    expect(Task2025Schema.parse(JSON.parse(JSON.stringify(full)))).toEqual(full);
    expect(JSON.parse(JSON.stringify(full))).toEqual({
      taskId: '0b1c',
      status: 'working',
      createdAt: '2026-01-02T03:04:05.000Z',
      lastUpdatedAt: '2026-01-02T03:04:06.000Z',
      ttl: 60000,
      statusMessage: 'half way',
      pollInterval: 500,
    });
  });

  it('[TYPE-01] is nested in the create result and flat in the answers to get and cancel', () => {
    expect(JSON.stringify(CreateTaskResult2025Schema.parse({ task }))).toBe(`{"task":{${TASK_TEXT}}}`);
    expect(JSON.stringify(GetTaskResult2025Schema.parse(task))).toBe(`{${TASK_TEXT}}`);
    expect(CreateTaskResult2025Schema.safeParse(task).ok).toBe(false);
    expect(GetTaskResult2025Schema.safeParse({ task }).ok).toBe(false);
  });

  it('[TYPE-06] request params carry a task id, list params a cursor at most', () => {
    expect(TaskIdParams2025Schema.parse({ taskId: 't', _meta: { progressToken: 1 } })).toEqual({
      taskId: 't',
      _meta: { progressToken: 1 },
    });
    expect(TaskIdParams2025Schema.safeParse({}).ok).toBe(false);
    expect(TaskIdParams2025Schema.safeParse({ taskId: 7 }).ok).toBe(false);
    expect(ListTasksParams2025Schema.parse({})).toEqual({});
    expect(ListTasksParams2025Schema.safeParse({ cursor: 7 }).ok).toBe(false);
    expect(ListTasksResult2025Schema.parse({ tasks: [task], nextCursor: 'c' }).tasks).toEqual([task]);
  });

  it('[TYPE-06] a tool call asks for a task with `task`, empty or with a ttl', () => {
    expect(CallToolParams2025Schema.parse({ name: 'n', task: {} }).task).toEqual({});
    expect(CallToolParams2025Schema.parse({ name: 'n', task: { ttl: 5 } }).task).toEqual({ ttl: 5 });
    expect(CallToolParams2025Schema.parse({ name: 'n' }).task).toBeUndefined();
    expect(CallToolParams2025Schema.safeParse({ name: 'n', task: null }).ok).toBe(false);
  });

  it('[TYPE-07] the status notification carries the whole task, accepted by both official packages', () => {
    const params = TaskStatusNotificationParams2025Schema.parse({ ...task, status: 'completed', ttl: 1000 });
    const notification = { jsonrpc: '2.0', method: 'notifications/tasks/status', params };
    expect(v1.TaskStatusNotificationV1Schema.parse(notification).params).toEqual(params);
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- an oracle is one though it is deprecated
    expect(core.TaskStatusNotificationSchema.parse(notification).params).toEqual(params);
  });
});

describe('metadata of 2025-11-25', () => {
  it('[TYPE-04] ties a message to its task under the related-task key', () => {
    expect(relatedTaskMeta('t-1')).toEqual({ 'io.modelcontextprotocol/related-task': { taskId: 't-1' } });
    expect(RelatedTaskMetadataSchema.parse(relatedTaskMeta('t-1')[RELATED_TASK_META_KEY])).toEqual({ taskId: 't-1' });
    expect(core.RequestMetaSchema.parse(relatedTaskMeta('t-1'))).toEqual(relatedTaskMeta('t-1'));
  });

  it('[TYPE-10] gives the model a text under the model-immediate-response key', () => {
    expect(MODEL_IMMEDIATE_RESPONSE_META_KEY).toBe('io.modelcontextprotocol/model-immediate-response');
    const result = CreateTaskResult2025Schema.parse({ task, _meta: modelImmediateResponseMeta('on it') });
    expect(result._meta).toEqual({ 'io.modelcontextprotocol/model-immediate-response': 'on it' });
  });
});

describe('capabilities of 2025-11-25', () => {
  const server = Object.entries(SERVER_TASKS_CAPABILITY_2025);

  it('[TYPE-05] presets of a server are full, without list, and tools only', () => {
    expect(SERVER_TASKS_CAPABILITY_2025).toEqual({
      full: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
      withoutList: { cancel: {}, requests: { tools: { call: {} } } },
      toolsOnly: { requests: { tools: { call: {} } } },
    });
  });

  it.each(server)('[TYPE-05] the official client reads the preset %s as it is meant', (name, preset) => {
    const read = v1.ServerCapabilitiesV1Schema.parse({ tasks: preset }).tasks ?? {};
    expect(v1.hasTaskToolCallCapabilityV1(read)).toBe(true);
    expect(v1.hasTaskCancelCapabilityV1(read)).toBe(name !== 'toolsOnly');
    expect(v1.hasTaskListCapabilityV1(read)).toBe(name === 'full');
    expect(core.ServerCapabilitiesSchema.parse({ tasks: preset }).tasks).toEqual(preset);
    expect(ServerTasksCapability2025Schema.parse(preset)).toEqual(preset);
  });

  it('[TYPE-05] the preset of a client names sampling and elicitation', () => {
    const preset = CLIENT_TASKS_CAPABILITY_2025.full;
    expect(preset).toEqual({
      list: {},
      cancel: {},
      requests: { sampling: { createMessage: {} }, elicitation: { create: {} } },
    });
    expect(core.ClientCapabilitiesSchema.parse({ tasks: preset }).tasks).toEqual(preset);
    expect(ClientTasksCapability2025Schema.parse(preset)).toEqual(preset);
  });

  it('[TYPE-05] presets cannot be changed by one who uses them', () => {
    const { full } = SERVER_TASKS_CAPABILITY_2025;
    expect(() => Object.assign(full, { list: undefined })).toThrow(TypeError);
    expect(() => Object.assign(full.requests?.tools ?? {}, { call: undefined })).toThrow(TypeError);
  });

  it('[TYPE-08] a tool says forbidden, optional or required', () => {
    expect(TASK_SUPPORTS).toEqual(['forbidden', 'optional', 'required']);
    expect(TASK_SUPPORTS.map((support) => TaskSupportSchema.parse(support))).toEqual(TASK_SUPPORTS);
    expect(ToolExecution2025Schema.parse({})).toEqual({});
    expect(ToolExecution2025Schema.safeParse({ taskSupport: 'sometimes' }).ok).toBe(false);
    expect(ToolExecution2025Schema.safeParse({ taskSupport: true }).ok).toBe(false);
  });
});
