/* eslint-disable @typescript-eslint/no-deprecated -- the SDK deprecates the vocabulary of 2025-11-25, which is what its schemas are asked about */
import {
  ContentBlockSchema,
  CreateMessageParamsSchema,
  CreateMessageResultSchema,
  ElicitFormParamsSchema,
  ElicitResultSchema,
  FormFieldSchema,
  FormSchemaSchema,
  IconSchema,
  JsonRpcErrorSchema,
  MessageMetaSchema,
  RelatedTaskMetadataSchema,
  RequestIdSchema,
  TASK_SUPPORTS,
  TaskStatusSchema,
  TaskSupportSchema,
  ToolExecution2025Schema,
  ToolSchema,
} from '@mcp-tasks/wire';
import * as core from '@modelcontextprotocol/core';
import * as v1 from '@modelcontextprotocol/ext-tasks/core/v1';
import * as v2 from '@modelcontextprotocol/ext-tasks/core/v2';
import fc from 'fast-check';
import { accepts, acceptsField, acceptsParams } from './accepts.ts';
import * as arbitrary from './arbitraries.ts';
import type { MessageCase } from './compare.ts';

/** What both generations share. */
export const SHARED_MESSAGES: readonly MessageCase[] = [
  {
    name: 'TaskStatus',
    direction: 'sent',
    ours: TaskStatusSchema,
    valid: arbitrary.status,
    oracles: {
      core: accepts(core.TaskStatusSchema),
      'ext-tasks v1': accepts(v1.TaskStatusV1Schema),
      'ext-tasks v2': accepts(v2.TaskStatusV2Schema),
    },
  },
  {
    name: 'RequestId',
    direction: 'sent',
    ours: RequestIdSchema,
    valid: arbitrary.progressToken,
    oracles: {
      core: accepts(core.RequestIdSchema),
      'ext-tasks v1': accepts(v1.JsonRpcRequestIdV1Schema),
      'ext-tasks v2': accepts(v2.RequestIdV2Schema),
    },
  },
  {
    name: 'RelatedTaskMetadata',
    direction: 'sent',
    ours: RelatedTaskMetadataSchema,
    valid: arbitrary.relatedTask,
    oracles: { core: accepts(core.RelatedTaskMetadataSchema) },
  },
  {
    name: 'MessageMeta',
    direction: 'sent',
    ours: MessageMetaSchema,
    valid: arbitrary.messageMeta,
    oracles: { core: accepts(core.RequestMetaSchema) },
  },
  {
    name: 'JsonRpcError',
    direction: 'sent',
    ours: JsonRpcErrorSchema,
    valid: arbitrary.object({ code: fc.integer(), message: arbitrary.text }, { data: arbitrary.jsonValue }),
    oracles: {
      core: acceptsField(core.JSONRPCErrorResponseSchema, { jsonrpc: '2.0', id: 1 }, 'error'),
      'ext-tasks v2': accepts(v2.ErrorV2Schema),
    },
  },
  {
    name: 'Icon',
    direction: 'sent',
    ours: IconSchema,
    valid: arbitrary.icon,
    oracles: { core: accepts(core.IconSchema) },
  },
  {
    name: 'ContentBlock',
    direction: 'sent',
    ours: ContentBlockSchema,
    valid: arbitrary.contentBlock,
    oracles: {
      core: accepts(core.ContentBlockSchema),
      'ext-tasks v1': accepts(v1.ContentBlockV1Schema),
      'ext-tasks v2': accepts(v2.ContentBlockV2Schema),
    },
  },
  {
    name: 'TaskSupport',
    direction: 'sent',
    ours: TaskSupportSchema,
    valid: fc.constantFrom(...TASK_SUPPORTS),
    oracles: {
      core: acceptsField(core.ToolExecutionSchema, {}, 'taskSupport'),
      'ext-tasks v1': accepts(v1.TaskSupportV1Schema),
    },
  },
  {
    name: 'ToolExecution2025',
    direction: 'sent',
    ours: ToolExecution2025Schema,
    valid: arbitrary.toolExecution,
    oracles: { core: accepts(core.ToolExecutionSchema), 'ext-tasks v1': accepts(v1.ToolExecutionV1Schema) },
  },
  {
    name: 'Tool',
    direction: 'sent',
    ours: ToolSchema,
    valid: arbitrary.tool,
    oracles: {
      core: accepts(core.ToolSchema),
      'ext-tasks v1': accepts(v1.ToolV1Schema),
      'ext-tasks v2': accepts(v2.ToolV2Schema),
    },
  },
  {
    name: 'FormField',
    direction: 'sent',
    ours: FormFieldSchema,
    valid: arbitrary.formField,
    oracles: { core: accepts(core.PrimitiveSchemaDefinitionSchema) },
  },
  {
    name: 'FormSchema',
    direction: 'sent',
    ours: FormSchemaSchema,
    valid: arbitrary.formSchema,
    oracles: { core: acceptsField(core.ElicitRequestFormParamsSchema, { message: 'm' }, 'requestedSchema') },
  },
  {
    name: 'ElicitFormParams',
    direction: 'sent',
    ours: ElicitFormParamsSchema,
    valid: arbitrary.elicitForm,
    oracles: { core: accepts(core.ElicitRequestFormParamsSchema) },
  },
  {
    name: 'ElicitResult',
    direction: 'received',
    ours: ElicitResultSchema,
    valid: arbitrary.elicitResult,
    oracles: { core: accepts(core.ElicitResultSchema), 'ext-tasks v2': accepts(v2.ElicitResultV2Schema) },
  },
  {
    name: 'CreateMessageParams',
    direction: 'sent',
    ours: CreateMessageParamsSchema,
    valid: arbitrary.createMessage,
    oracles: {
      core: accepts(core.CreateMessageRequestParamsSchema),
      'ext-tasks v2': acceptsParams(v2.CreateMessageRequestV2Schema, 'sampling/createMessage'),
    },
  },
  {
    name: 'CreateMessageResult',
    direction: 'received',
    ours: CreateMessageResultSchema,
    valid: arbitrary.createMessageResult,
    oracles: {
      core: accepts(core.CreateMessageResultWithToolsSchema),
      'ext-tasks v2': accepts(v2.CreateMessageResultV2Schema),
    },
  },
];
