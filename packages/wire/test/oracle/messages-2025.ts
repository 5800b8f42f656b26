/* eslint-disable @typescript-eslint/no-deprecated -- the SDK deprecates the vocabulary of 2025-11-25, which is what its schemas are asked about */
import {
  CallToolParams2025Schema,
  CallToolResult2025Schema,
  ClientTasksCapability2025Schema,
  CreateTaskResult2025Schema,
  ElicitParams2025Schema,
  GetTaskResult2025Schema,
  ListTasksParams2025Schema,
  ListTasksResult2025Schema,
  ServerTasksCapability2025Schema,
  type Task2025,
  Task2025Schema,
  TaskIdParams2025Schema,
  TaskMetadata2025Schema,
  TaskPayloadResult2025Schema,
  TaskStatusNotificationParams2025Schema,
} from '@mcp-tasks/wire';
import * as core from '@modelcontextprotocol/core';
import * as v1 from '@modelcontextprotocol/ext-tasks/core/v1';
import fc from 'fast-check';
import { accepts, acceptsField, acceptsParams } from './accepts.ts';
import * as arbitrary from './arbitraries.ts';
import type { MessageCase } from './compare.ts';

const { dictionary, integer, jsonObject, jsonValue, list, messageMeta, meta, object, status, text } = arbitrary;

const taskRequired = {
  taskId: text,
  status,
  createdAt: arbitrary.instant,
  lastUpdatedAt: arbitrary.instant,
  ttl: fc.option(integer),
};
const taskOptional = { statusMessage: text, pollInterval: integer };
const task: fc.Arbitrary<Task2025> = object(taskRequired, taskOptional);
const taskWithMeta = object(taskRequired, { ...taskOptional, _meta: meta });
const taskMetadata = object({}, { ttl: integer });
const taskIdParams = object({ taskId: text }, { _meta: messageMeta });

/** The messages of 2025-11-25. */
export const MESSAGES_2025: readonly MessageCase[] = [
  {
    name: 'Task2025',
    direction: 'sent',
    ours: Task2025Schema,
    valid: task,
    oracles: { core: accepts(core.TaskSchema), 'ext-tasks v1': accepts(v1.TaskV1Schema) },
  },
  {
    name: 'CreateTaskResult2025',
    direction: 'sent',
    ours: CreateTaskResult2025Schema,
    valid: object({ task }, { _meta: meta }),
    oracles: { core: accepts(core.CreateTaskResultSchema), 'ext-tasks v1': accepts(v1.CreateTaskResultV1Schema) },
  },
  {
    name: 'GetTaskResult2025',
    direction: 'sent',
    ours: GetTaskResult2025Schema,
    valid: taskWithMeta,
    oracles: { core: accepts(core.GetTaskResultSchema), 'ext-tasks v1': accepts(v1.GetTaskResultV1Schema) },
  },
  {
    name: 'CancelTaskResult2025',
    direction: 'sent',
    ours: GetTaskResult2025Schema,
    valid: taskWithMeta,
    oracles: { core: accepts(core.CancelTaskResultSchema), 'ext-tasks v1': accepts(v1.CancelTaskResultV1Schema) },
  },
  {
    name: 'ListTasksResult2025',
    direction: 'sent',
    ours: ListTasksResult2025Schema,
    valid: object({ tasks: list(task) }, { nextCursor: text, _meta: meta }),
    oracles: { core: accepts(core.ListTasksResultSchema), 'ext-tasks v1': accepts(v1.ListTasksResultV1Schema) },
  },
  {
    name: 'TaskPayloadResult2025',
    direction: 'sent',
    ours: TaskPayloadResult2025Schema,
    valid: object({}, { _meta: meta, content: jsonValue }),
    oracles: { core: accepts(core.GetTaskPayloadResultSchema), 'ext-tasks v1': accepts(v1.TaskResultV1Schema) },
  },
  {
    name: 'TaskStatusNotificationParams2025',
    direction: 'sent',
    ours: TaskStatusNotificationParams2025Schema,
    valid: object(taskRequired, { ...taskOptional, _meta: messageMeta }),
    oracles: {
      core: acceptsParams(core.TaskStatusNotificationSchema, 'notifications/tasks/status'),
      'ext-tasks v1': acceptsParams(v1.TaskStatusNotificationV1Schema, 'notifications/tasks/status'),
    },
  },
  {
    name: 'CallToolResult2025',
    direction: 'sent',
    ours: CallToolResult2025Schema,
    valid: object(
      { content: list(arbitrary.contentBlock) },
      { structuredContent: jsonObject, isError: fc.boolean(), _meta: meta },
    ),
    oracles: { core: accepts(core.CallToolResultSchema), 'ext-tasks v1': accepts(v1.CallToolResultV1Schema) },
  },
  {
    name: 'ElicitParams2025',
    direction: 'sent',
    ours: ElicitParams2025Schema,
    valid: fc.oneof(
      arbitrary.elicitForm,
      fc.tuple(arbitrary.elicitUrl, text).map(([url, elicitationId]) => ({ ...url, elicitationId })),
    ),
    oracles: { core: accepts(core.ElicitRequestParamsSchema) },
  },
  {
    name: 'ServerTasksCapability2025',
    direction: 'sent',
    ours: ServerTasksCapability2025Schema,
    valid: object(
      {},
      { list: jsonObject, cancel: jsonObject, requests: object({}, { tools: object({}, { call: jsonObject }) }) },
    ),
    oracles: {
      core: acceptsField(core.ServerCapabilitiesSchema, {}, 'tasks'),
      'ext-tasks v1': accepts(v1.ServerTaskCapabilitiesV1Schema),
    },
  },
  {
    name: 'ClientTasksCapability2025',
    direction: 'received',
    ours: ClientTasksCapability2025Schema,
    valid: object(
      {},
      {
        list: jsonObject,
        cancel: jsonObject,
        requests: object(
          {},
          { sampling: object({}, { createMessage: jsonObject }), elicitation: object({}, { create: jsonObject }) },
        ),
      },
    ),
    oracles: { core: acceptsField(core.ClientCapabilitiesSchema, {}, 'tasks') },
  },
  {
    name: 'TaskMetadata2025',
    direction: 'received',
    ours: TaskMetadata2025Schema,
    valid: taskMetadata,
    oracles: { core: accepts(core.TaskMetadataSchema), 'ext-tasks v1': accepts(v1.TaskMetadataV1Schema) },
  },
  {
    name: 'CallToolParams2025',
    direction: 'received',
    ours: CallToolParams2025Schema,
    valid: object({ name: text }, { arguments: dictionary(jsonValue), task: taskMetadata, _meta: messageMeta }),
    oracles: {
      core: accepts(core.CallToolRequestParamsSchema),
      'ext-tasks v1': acceptsParams(v1.CallToolRequestV1Schema, 'tools/call'),
    },
  },
  {
    name: 'GetTaskParams2025',
    direction: 'received',
    ours: TaskIdParams2025Schema,
    valid: taskIdParams,
    oracles: {
      core: acceptsParams(core.GetTaskRequestSchema, 'tasks/get'),
      'ext-tasks v1': acceptsParams(v1.GetTaskRequestV1Schema, 'tasks/get'),
    },
  },
  {
    name: 'GetTaskResultParams2025',
    direction: 'received',
    ours: TaskIdParams2025Schema,
    valid: taskIdParams,
    oracles: {
      core: acceptsParams(core.GetTaskPayloadRequestSchema, 'tasks/result'),
      'ext-tasks v1': acceptsParams(v1.GetTaskResultRequestV1Schema, 'tasks/result'),
    },
  },
  {
    name: 'CancelTaskParams2025',
    direction: 'received',
    ours: TaskIdParams2025Schema,
    valid: taskIdParams,
    oracles: {
      core: acceptsParams(core.CancelTaskRequestSchema, 'tasks/cancel'),
      'ext-tasks v1': acceptsParams(v1.CancelTaskRequestV1Schema, 'tasks/cancel'),
    },
  },
  {
    name: 'ListTasksParams2025',
    direction: 'received',
    ours: ListTasksParams2025Schema,
    valid: object({}, { cursor: text, _meta: messageMeta }),
    oracles: {
      core: acceptsParams(core.ListTasksRequestSchema, 'tasks/list'),
      'ext-tasks v1': acceptsParams(v1.ListTasksRequestV1Schema, 'tasks/list'),
    },
  },
];
