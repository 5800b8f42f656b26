/* eslint-disable @typescript-eslint/no-deprecated -- the SDK deprecates the vocabulary of 2025-11-25, which is what its schemas are asked about */
import {
  CallToolResult2026Schema,
  type ClientCapabilities2026,
  ClientCapabilities2026Schema,
  CompleteResult2026Schema,
  CreateTaskResult2026Schema,
  type DetailedTask2026,
  DetailedTask2026Schema,
  ElicitParams2026Schema,
  GetTaskResult2026Schema,
  type InputRequest2026,
  InputRequest2026Schema,
  InputRequests2026Schema,
  type InputResponse2026,
  InputResponse2026Schema,
  InputResponses2026Schema,
  ListenParams2026Schema,
  ListenResult2026Schema,
  ListRootsResult2026Schema,
  MissingCapabilityData2026Schema,
  SUBSCRIPTION_ID_META_KEY,
  SubscriptionFilter2026Schema,
  SubscriptionsAcknowledgedParams2026Schema,
  type Task2026,
  Task2026Schema,
  TaskIdParams2026Schema,
  TaskNotificationParams2026Schema,
  TASKS_EXTENSION_ID,
  UpdateTaskParams2026Schema,
} from '@mcp-tasks/wire';
import * as core from '@modelcontextprotocol/core';
import * as v2 from '@modelcontextprotocol/ext-tasks/core/v2';
import fc from 'fast-check';
import * as z from 'zod';
import { accepts, acceptsParams } from './accepts.ts';
import * as arbitrary from './arbitraries.ts';
import type { MessageCase } from './compare.ts';

const { dictionary, integer, jsonObject, jsonValue, list, messageMeta, meta, object, status, text } = arbitrary;

const inputRequest: fc.Arbitrary<InputRequest2026> = fc.oneof(
  fc.record(
    { method: fc.constant('elicitation/create' as const), params: fc.oneof(arbitrary.elicitForm, arbitrary.elicitUrl) },
    { noNullPrototype: true },
  ),
  fc.record(
    { method: fc.constant('sampling/createMessage' as const), params: arbitrary.createMessage },
    { noNullPrototype: true },
  ),
  object({ method: fc.constant('roots/list' as const) }, { params: jsonObject }),
);
const inputRequests = dictionary(inputRequest);

const listRootsResult = object(
  { roots: list(object({ uri: text.map((path) => `file:///${path}`) }, { name: text, _meta: meta })) },
  {},
);
const inputResponse: fc.Arbitrary<InputResponse2026> = fc.oneof(
  arbitrary.elicitResult,
  listRootsResult,
  arbitrary.createMessageResult,
);
const inputResponses = dictionary(inputResponse);

const required = {
  taskId: text,
  createdAt: arbitrary.instant,
  lastUpdatedAt: arbitrary.instant,
  ttlMs: fc.option(integer),
};
const optional = { statusMessage: text, pollIntervalMs: integer };
const task: fc.Arbitrary<Task2026> = object({ ...required, status }, optional);

function detailed<More extends object, MoreOptional extends object>(
  more: { [K in keyof More]: fc.Arbitrary<More[K]> },
  moreOptional: { [K in keyof MoreOptional]: fc.Arbitrary<MoreOptional[K]> },
): fc.Arbitrary<DetailedTask2026> {
  const error = object({ code: fc.integer(), message: text }, { data: jsonValue });
  const all = { ...optional, ...moreOptional };
  return fc.oneof(
    object({ ...required, ...more, status: fc.constant('working' as const) }, all),
    object({ ...required, ...more, status: fc.constant('input_required' as const), inputRequests }, all),
    object({ ...required, ...more, status: fc.constant('completed' as const), result: jsonObject }, all),
    object({ ...required, ...more, status: fc.constant('failed' as const), error }, all),
    object({ ...required, ...more, status: fc.constant('cancelled' as const) }, all),
  );
}

const resultType = fc.constant('complete' as const);
const complete = object({ resultType }, { _meta: meta });
const taskIdParams = object({ taskId: text }, { _meta: messageMeta });

const capabilities: fc.Arbitrary<ClientCapabilities2026> = object(
  {},
  {
    sampling: object({}, { context: jsonObject, tools: jsonObject }),
    elicitation: object({}, { form: fc.constant({}), url: jsonObject }),
    roots: object({}, { listChanged: fc.boolean() }),
    experimental: dictionary(jsonObject),
    extensions: fc.oneof(dictionary(jsonObject), fc.constant({ [TASKS_EXTENSION_ID]: {} })),
  },
);

const filter = object(
  {},
  {
    toolsListChanged: fc.boolean(),
    promptsListChanged: fc.boolean(),
    resourcesListChanged: fc.boolean(),
    resourceSubscriptions: list(text),
    taskIds: list(text),
  },
);

/** The messages of 2026-07-28 with the tasks extension. */
export const MESSAGES_2026: readonly MessageCase[] = [
  {
    name: 'Task2026',
    direction: 'sent',
    ours: Task2026Schema,
    valid: task,
    oracles: { 'ext-tasks v2': accepts(v2.TaskV2Schema) },
  },
  {
    name: 'CreateTaskResult2026',
    direction: 'sent',
    ours: CreateTaskResult2026Schema,
    valid: object({ ...required, status, resultType: fc.constant('task' as const) }, { ...optional, _meta: meta }),
    oracles: { 'ext-tasks v2': accepts(v2.CreateTaskResultV2Schema) },
  },
  {
    name: 'DetailedTask2026',
    direction: 'sent',
    ours: DetailedTask2026Schema,
    valid: detailed({}, {}),
    oracles: { 'ext-tasks v2': accepts(v2.DetailedTaskV2Schema) },
  },
  {
    name: 'GetTaskResult2026',
    direction: 'sent',
    ours: GetTaskResult2026Schema,
    valid: detailed({ resultType }, { _meta: meta }),
    oracles: { 'ext-tasks v2': accepts(v2.GetTaskResultV2Schema) },
  },
  {
    name: 'TaskNotificationParams2026',
    direction: 'sent',
    ours: TaskNotificationParams2026Schema,
    valid: detailed({}, { _meta: messageMeta }),
    oracles: { 'ext-tasks v2': acceptsParams(v2.TaskStatusNotificationV2Schema, 'notifications/tasks') },
  },
  {
    name: 'UpdateTaskResult2026',
    direction: 'sent',
    ours: CompleteResult2026Schema,
    valid: complete,
    oracles: { 'ext-tasks v2': accepts(v2.UpdateTaskResultV2Schema) },
  },
  {
    name: 'CancelTaskResult2026',
    direction: 'sent',
    ours: CompleteResult2026Schema,
    valid: complete,
    oracles: { 'ext-tasks v2': accepts(v2.CancelTaskResultV2Schema) },
  },
  {
    name: 'CallToolResult2026',
    direction: 'sent',
    ours: CallToolResult2026Schema,
    valid: object(
      { resultType, content: list(arbitrary.contentBlock) },
      { structuredContent: jsonValue, isError: fc.boolean(), _meta: meta },
    ),
    oracles: { core: accepts(core.CallToolResultSchema), 'ext-tasks v2': accepts(v2.CallToolResultV2Schema) },
  },
  {
    name: 'ElicitParams2026',
    direction: 'sent',
    ours: ElicitParams2026Schema,
    valid: fc.oneof(arbitrary.elicitForm, arbitrary.elicitUrl),
    oracles: { 'ext-tasks v2': acceptsParams(v2.ElicitRequestV2Schema, 'elicitation/create') },
  },
  {
    name: 'InputRequest2026',
    direction: 'sent',
    ours: InputRequest2026Schema,
    valid: inputRequest,
    oracles: { 'ext-tasks v2': accepts(v2.InputRequestV2Schema) },
  },
  {
    name: 'InputRequests2026',
    direction: 'sent',
    ours: InputRequests2026Schema,
    valid: inputRequests,
    oracles: { 'ext-tasks v2': accepts(v2.InputRequestsV2Schema) },
  },
  {
    name: 'MissingCapabilityData2026',
    direction: 'sent',
    ours: MissingCapabilityData2026Schema,
    valid: object({ requiredCapabilities: capabilities }, {}),
    oracles: { core: accepts(z.object({ requiredCapabilities: core.ClientCapabilitiesSchema })) },
  },
  {
    name: 'SubscriptionsAcknowledgedParams2026',
    direction: 'sent',
    ours: SubscriptionsAcknowledgedParams2026Schema,
    valid: object({ notifications: filter }, { _meta: messageMeta }),
    oracles: { core: accepts(core.SubscriptionsAcknowledgedNotificationParamsSchema) },
  },
  {
    name: 'ListenResult2026',
    direction: 'sent',
    ours: ListenResult2026Schema,
    valid: object(
      {
        resultType,
        _meta: object({ [SUBSCRIPTION_ID_META_KEY]: arbitrary.progressToken }, { 'example.com/key': jsonValue }),
      },
      {},
    ),
    oracles: { core: accepts(core.SubscriptionsListenResultSchema) },
  },
  {
    name: 'ClientCapabilities2026',
    direction: 'received',
    ours: ClientCapabilities2026Schema,
    valid: capabilities,
    oracles: { core: accepts(core.ClientCapabilitiesSchema) },
  },
  {
    name: 'ListRootsResult2026',
    direction: 'received',
    ours: ListRootsResult2026Schema,
    valid: listRootsResult,
    oracles: { core: accepts(core.ListRootsResultSchema), 'ext-tasks v2': accepts(v2.ListRootsResultV2Schema) },
  },
  {
    name: 'InputResponse2026',
    direction: 'received',
    ours: InputResponse2026Schema,
    valid: inputResponse,
    oracles: { 'ext-tasks v2': accepts(v2.InputResponseV2Schema) },
  },
  {
    name: 'InputResponses2026',
    direction: 'received',
    ours: InputResponses2026Schema,
    valid: inputResponses,
    oracles: { 'ext-tasks v2': accepts(v2.InputResponsesV2Schema) },
  },
  {
    name: 'GetTaskParams2026',
    direction: 'received',
    ours: TaskIdParams2026Schema,
    valid: taskIdParams,
    oracles: { 'ext-tasks v2': acceptsParams(v2.GetTaskRequestV2Schema, 'tasks/get') },
  },
  {
    name: 'CancelTaskParams2026',
    direction: 'received',
    ours: TaskIdParams2026Schema,
    valid: taskIdParams,
    oracles: { 'ext-tasks v2': acceptsParams(v2.CancelTaskRequestV2Schema, 'tasks/cancel') },
  },
  {
    name: 'UpdateTaskParams2026',
    direction: 'received',
    ours: UpdateTaskParams2026Schema,
    valid: object({ taskId: text, inputResponses }, { _meta: messageMeta }),
    oracles: { 'ext-tasks v2': acceptsParams(v2.UpdateTaskRequestV2Schema, 'tasks/update') },
  },
  {
    name: 'SubscriptionFilter2026',
    direction: 'received',
    ours: SubscriptionFilter2026Schema,
    valid: filter,
    oracles: {
      core: accepts(core.SubscriptionFilterSchema),
      'ext-tasks v2': accepts(v2.TaskSubscriptionNotificationsV2Schema),
    },
  },
  {
    name: 'ListenParams2026',
    direction: 'received',
    ours: ListenParams2026Schema,
    valid: object({ notifications: filter }, { _meta: messageMeta }),
    oracles: { core: accepts(core.SubscriptionsListenRequestParamsSchema) },
  },
];
