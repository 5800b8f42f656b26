import type { Disagreement, OracleName } from './compare.ts';

/** A field over which our verdict is not that of an official package, and why. */
export interface Divergence {
  readonly messages: RegExp;
  readonly path: RegExp;
  readonly oracles: readonly OracleName[];
  /**
   * What we send is never `laxer`: every known peer accepts it. What we receive is never `stricter`, unless the
   * oracle knows nothing of the field (`unmodelled`), in which case the specification decides.
   */
  readonly ours: 'stricter' | 'laxer' | 'unmodelled';
  readonly because: string;
  /** Shows the disagreement. */
  readonly example: { readonly message: string; readonly value: unknown };
}

/** The row that explains a disagreement. */
export function divergenceOf(disagreement: Disagreement): Divergence | undefined {
  return DIVERGENCES.find(
    ({ messages, path, oracles, ours }) =>
      messages.test(disagreement.message) &&
      path.test(disagreement.path) &&
      oracles.includes(disagreement.oracle) &&
      (ours === 'laxer') === (disagreement.ours === 'laxer'),
  );
}

const BOTH_EXT: readonly OracleName[] = ['ext-tasks v1', 'ext-tasks v2'];
const CONTENT =
  /^ContentBlock$|^CallToolResult|^CreateMessageParams$|^InputRequest|^DetailedTask|^GetTaskResult2026|^TaskNotif/;
const QUESTION = /^ElicitParams2026$|^CreateMessageParams$|^InputRequest|^DetailedTask|^GetTaskResult2026|^TaskNotif/;
const ANSWER = /^ElicitResult$|^InputResponse|^UpdateTaskParams2026$/;
const SAMPLED = /^CreateMessageResult$|^InputResponse|^UpdateTaskParams2026$/;

const task = { taskId: 't', status: 'working', createdAt: '', lastUpdatedAt: '', ttl: null };
const text = { type: 'text', text: 'hi' };
const image = { type: 'image', mimeType: 'image/png', data: 'AAAA' };
const link = { type: 'resource_link', uri: 'a:b', name: 'n' };
const tool = { name: 't', inputSchema: { type: 'object' } };
const form = { message: 'm', requestedSchema: { type: 'object', properties: {} } };
const sampling = { messages: [], maxTokens: 1 };
const sampled = { role: 'user', model: 'm' };

/** Every divergence; a row that no longer holds fails its test. */
export const DIVERGENCES: readonly Divergence[] = [
  {
    messages: CONTENT,
    path: /(^|>)annotations>lastModified$/,
    oracles: BOTH_EXT,
    ours: 'stricter',
    because: 'core reads ISO 8601 with a time zone only; ext-tasks takes any string',
    example: { message: 'ContentBlock', value: { ...text, annotations: { lastModified: 'yesterday' } } },
  },
  {
    messages: CONTENT,
    path: /(^|>)(data|blob)$/,
    oracles: BOTH_EXT,
    ours: 'stricter',
    because: 'core checks base64; ext-tasks takes any string',
    example: { message: 'ContentBlock', value: { ...image, data: '?' } },
  },
  {
    messages: CONTENT,
    path: /(^|>)size$/,
    oracles: ['core'],
    ours: 'stricter',
    because: 'bytes are counted in integers, as ext-tasks checks; core takes any number',
    example: { message: 'ContentBlock', value: { ...link, size: 1.5 } },
  },
  {
    messages: SAMPLED,
    path: /(^|>)(lastModified|data|blob)$/,
    oracles: ['core'],
    ours: 'laxer',
    because: 'a sampled answer may come from a client that checks as ext-tasks does',
    example: { message: 'CreateMessageResult', value: { ...sampled, content: { ...image, data: '?' } } },
  },
  {
    messages: SAMPLED,
    path: /(^|>)size$/,
    oracles: ['ext-tasks v2'],
    ours: 'laxer',
    because: 'a sampled answer may come from a client that checks as core does',
    example: {
      message: 'CreateMessageResult',
      value: { ...sampled, content: { type: 'tool_result', toolUseId: 'u', content: [{ ...link, size: 1.5 }] } },
    },
  },
  {
    messages: /^CallToolResult/,
    path: /^(content)?$/,
    oracles: ['core'],
    ours: 'stricter',
    because: 'content is required; core reads a missing one as empty',
    example: { message: 'CallToolResult2025', value: {} },
  },
  {
    messages: /^CallToolResult2025$/,
    path: /^structuredContent$/,
    oracles: ['core'],
    ours: 'stricter',
    because: 'an object in 2025-11-25; core has one schema for both generations',
    example: { message: 'CallToolResult2025', value: { content: [], structuredContent: [] } },
  },
  {
    messages: /^(CallToolResult2026|ListenResult2026)$/,
    path: /^resultType$/,
    oracles: ['core'],
    ours: 'unmodelled',
    because: 'required in 2026-07-28; core has one schema for both generations',
    example: { message: 'CallToolResult2026', value: { content: [] } },
  },
  {
    messages: /^Tool$|^CreateMessageParams$|^InputRequest|^DetailedTask|^GetTaskResult2026|^TaskNotif/,
    path: /(^|>)inputSchema>(properties|required)(>\*)?$/,
    oracles: BOTH_EXT,
    ours: 'stricter',
    because: 'core checks these two keywords',
    example: { message: 'Tool', value: { ...tool, inputSchema: { type: 'object', required: 1 } } },
  },
  {
    messages: /^Tool$|^CreateMessageParams$/,
    path: /(^|>)inputSchema>\$schema$/,
    oracles: ['core', 'ext-tasks v1'],
    ours: 'stricter',
    because: 'ext-tasks v2 checks this keyword',
    example: { message: 'Tool', value: { ...tool, inputSchema: { type: 'object', $schema: 1 } } },
  },
  {
    messages: /^Tool$|^CreateMessageParams$/,
    path: /(^|>)outputSchema(>type)?$/,
    oracles: ['core', 'ext-tasks v2'],
    ours: 'stricter',
    because: 'of an object in 2025-11-25, as ext-tasks v1 checks',
    example: { message: 'Tool', value: { ...tool, outputSchema: { type: 'array' } } },
  },
  {
    messages: /^Tool$/,
    path: /^outputSchema>\$schema$/,
    oracles: ['ext-tasks v1'],
    ours: 'stricter',
    because: 'core and ext-tasks v2 check this keyword',
    example: { message: 'Tool', value: { ...tool, outputSchema: { type: 'object', $schema: 1 } } },
  },
  {
    messages: /^Tool$/,
    path: /^execution(>taskSupport)?$/,
    oracles: ['ext-tasks v2'],
    ours: 'unmodelled',
    because: 'part of 2025-11-25 only',
    example: { message: 'Tool', value: { ...tool, execution: { taskSupport: 'sometimes' } } },
  },
  {
    messages: /^CreateMessageParams$|^InputRequest|^DetailedTask|^GetTaskResult2026|^TaskNotif/,
    path: /(^|>)tools>\*(>|$)/,
    oracles: ['ext-tasks v2'],
    ours: 'stricter',
    because: 'core checks the tools of a sampling request; ext-tasks takes any objects',
    example: { message: 'CreateMessageParams', value: { ...sampling, tools: [{}] } },
  },
  {
    messages: /^CreateMessageParams$|^InputRequest|^DetailedTask|^GetTaskResult2026|^TaskNotif/,
    path: /(^|>)(modelPreferences>(hints(>|$)|\w+Priority$)|toolChoice>mode$)/,
    oracles: ['ext-tasks v2'],
    ours: 'stricter',
    because: 'core checks what is in them; ext-tasks takes any objects',
    example: { message: 'CreateMessageParams', value: { ...sampling, modelPreferences: { costPriority: 2 } } },
  },
  {
    messages: /^FormSchema$|^ElicitFormParams$|^ElicitParams2025$/,
    path: /(^|>)\$schema$/,
    oracles: ['core'],
    ours: 'stricter',
    because: 'a string by the specification; core takes any further keyword',
    example: { message: 'FormSchema', value: { $schema: 1, type: 'object', properties: {} } },
  },
  {
    messages: QUESTION,
    path: /(^|>)requestedSchema(>|$)/,
    oracles: ['ext-tasks v2'],
    ours: 'stricter',
    because: 'core checks that a form has primitive fields only, as the specification says; ext-tasks takes any object',
    example: { message: 'ElicitParams2026', value: { ...form, requestedSchema: {} } },
  },
  {
    messages: QUESTION,
    path: /(^|>)url$/,
    oracles: ['ext-tasks v2'],
    ours: 'stricter',
    because: 'core checks that it is an address',
    example: { message: 'ElicitParams2026', value: { mode: 'url', message: 'm', url: 'here' } },
  },
  {
    messages: ANSWER,
    path: /(^|>)content$/,
    oracles: ['ext-tasks v2'],
    ours: 'laxer',
    because: 'clients send `null` for an absent content; core reads it so',
    example: { message: 'ElicitResult', value: { action: 'decline', content: null } },
  },
  {
    messages: ANSWER,
    path: /(^|>)_meta$/,
    oracles: ['ext-tasks v2'],
    ours: 'unmodelled',
    because: 'ext-tasks knows no `_meta` of this result; an object by the specification',
    example: { message: 'ElicitResult', value: { action: 'decline', _meta: 1 } },
  },
  {
    messages: /2025$/,
    path: /(^|>)(ttl|pollInterval)$/,
    oracles: ['core'],
    ours: 'stricter',
    because: 'milliseconds are integers, as ext-tasks checks; core takes any number',
    example: { message: 'Task2025', value: { ...task, ttl: 1.5 } },
  },
  {
    messages: /^(TaskMetadata2025|CallToolParams2025)$/,
    path: /(^|>)ttl$/,
    oracles: ['ext-tasks v1'],
    ours: 'laxer',
    because: 'core takes any number; which are granted is a rule of the receiver, not of the shape',
    example: { message: 'TaskMetadata2025', value: { ttl: 1.5 } },
  },
  {
    messages: /^TaskPayloadResult2025$/,
    path: /^_meta$/,
    oracles: ['ext-tasks v1'],
    ours: 'unmodelled',
    because: 'ext-tasks takes any object as the result of a task',
    example: { message: 'TaskPayloadResult2025', value: { _meta: 1 } },
  },
  {
    messages: /Params/,
    path: /^_meta$/,
    oracles: BOTH_EXT,
    ours: 'unmodelled',
    because: 'ext-tasks knows no `_meta` of requests; an object by the specification',
    example: { message: 'GetTaskParams2025', value: { taskId: 't', _meta: 1 } },
  },
  {
    messages: /Params|^InputRequest|^DetailedTask|^GetTaskResult2026/,
    path: /(^|>)_meta>(progressToken|io\.modelcontextprotocol\/related-task(>taskId)?)$/,
    oracles: BOTH_EXT,
    ours: 'unmodelled',
    because: 'ext-tasks knows no keys of `_meta`; core checks these two on every request and notification',
    example: { message: 'GetTaskParams2026', value: { taskId: 't', _meta: { progressToken: true } } },
  },
  {
    messages: /^(SubscriptionFilter2026|ListenParams2026|SubscriptionsAcknowledgedParams2026)$/,
    path: /(^|>)taskIds(>\*)?$/,
    oracles: ['core'],
    ours: 'unmodelled',
    because: 'part of the tasks extension',
    example: { message: 'SubscriptionFilter2026', value: { taskIds: 't' } },
  },
  {
    messages: /^SubscriptionFilter2026$/,
    path: /^(\w+ListChanged|resourceSubscriptions(>\*)?)$/,
    oracles: ['ext-tasks v2'],
    ours: 'unmodelled',
    because: 'not part of the tasks extension',
    example: { message: 'SubscriptionFilter2026', value: { toolsListChanged: 1 } },
  },
  {
    messages: /^ListRootsResult2026$/,
    path: /^roots>\*>uri$/,
    oracles: ['core'],
    ours: 'laxer',
    because: 'core wants `file://`; ext-tasks takes any string',
    example: { message: 'ListRootsResult2026', value: { roots: [{ uri: 'other:' }] } },
  },
];
