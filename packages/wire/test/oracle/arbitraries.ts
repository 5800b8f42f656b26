import {
  type ContentBlock,
  type CreateMessageParams,
  type CreateMessageResult,
  type ElicitFormParams,
  type ElicitResult,
  type ElicitUrlParams2026,
  type FormField,
  type FormSchema,
  type JsonObject,
  type JsonValue,
  type MediaContent,
  type MessageMeta,
  type ProgressToken,
  RELATED_TASK_META_KEY,
  type RelatedTaskMetadata,
  type SamplingContentBlock,
  type SamplingMessage,
  TASK_STATUSES,
  TASK_SUPPORTS,
  type TextContent,
  type Tool,
} from '@mcp-tasks/wire';
import fc from 'fast-check';

// Valid values of what both generations share. Written by hand, not derived from the schemas that they test.

/** An object with all of `required` and some of `optional`. */
export function object<Required extends object, Optional extends object>(
  required: { [K in keyof Required]: fc.Arbitrary<Required[K]> },
  optional: { [K in keyof Optional]: fc.Arbitrary<Optional[K]> },
): fc.Arbitrary<Required & Partial<Optional>> {
  const requiredKeys = Object.keys(required) as never[];
  const keys = { ...required, ...optional } as Record<string, fc.Arbitrary<unknown>>;
  return fc.record(keys, { requiredKeys, noNullPrototype: true }) as unknown as fc.Arbitrary<
    Required & Partial<Optional>
  >;
}

export const text = fc.string({ maxLength: 6 });
const key = fc.stringMatching(/^[a-z]{1,4}$/);
export const integer = fc.oneof(fc.nat(), fc.maxSafeInteger());
const fraction = fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0);
export const instant = fc
  .date({ min: new Date('1990-01-01'), max: new Date('2090-01-01'), noInvalidDate: true })
  .map((date) => date.toISOString());
const base64 = fc.uint8Array({ maxLength: 7 }).map((bytes) => Buffer.from(bytes).toString('base64'));

const scalar = fc.oneof(text, fc.integer(), fraction, fc.boolean(), fc.constant(null));
export const jsonValue: fc.Arbitrary<JsonValue> = fc.oneof(
  { weight: 3, arbitrary: scalar },
  { weight: 1, arbitrary: fc.oneof(list(scalar), dictionary(scalar)) },
);
export const jsonObject: fc.Arbitrary<JsonObject> = dictionary(scalar);
export const meta: fc.Arbitrary<Record<string, unknown>> = dictionary(scalar);

export function dictionary<T>(value: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> {
  return fc.dictionary(key, value, { maxKeys: 2, noNullPrototype: true });
}

export function list<T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  return fc.array(item, { maxLength: 2 });
}

export const progressToken: fc.Arbitrary<ProgressToken> = fc.oneof(text, fc.integer());
export const relatedTask: fc.Arbitrary<RelatedTaskMetadata> = fc.record({ taskId: text }, { noNullPrototype: true });
export const messageMeta: fc.Arbitrary<MessageMeta> = object(
  {},
  { progressToken, [RELATED_TASK_META_KEY]: relatedTask, 'example.com/key': jsonValue },
);

export const status = fc.constantFrom(...TASK_STATUSES);
const role = fc.constantFrom('user' as const, 'assistant' as const);
const annotations = object({}, { audience: list(role), priority: fraction, lastModified: instant });
export const icon = object(
  { src: text },
  { mimeType: text, sizes: list(text), theme: fc.constantFrom('light' as const, 'dark' as const) },
);

const block = { annotations, _meta: meta };
const textContent: fc.Arbitrary<TextContent> = object({ type: fc.constant('text' as const), text }, block);
const mediaContent: fc.Arbitrary<MediaContent> = object(
  { type: fc.constantFrom('image' as const, 'audio' as const), data: base64, mimeType: text },
  block,
);
const resource = { mimeType: text, _meta: meta };

export const contentBlock: fc.Arbitrary<ContentBlock> = fc.oneof(
  textContent,
  mediaContent,
  object(
    { type: fc.constant('resource_link' as const), uri: text, name: text },
    { ...block, title: text, description: text, mimeType: text, size: integer, icons: list(icon) },
  ),
  object(
    {
      type: fc.constant('resource' as const),
      resource: fc.oneof(object({ uri: text, text }, resource), object({ uri: text, blob: base64 }, resource)),
    },
    block,
  ),
);

export const toolExecution = object({}, { taskSupport: fc.constantFrom(...TASK_SUPPORTS) });

export const tool: fc.Arbitrary<Tool> = object(
  {
    name: text,
    inputSchema: object(
      { type: fc.constant('object' as const) },
      { properties: dictionary(jsonValue), required: list(text), $schema: text },
    ),
  },
  {
    title: text,
    description: text,
    outputSchema: object({ type: fc.constant('object' as const) }, { $schema: text }),
    annotations: object(
      {},
      {
        title: text,
        readOnlyHint: fc.boolean(),
        destructiveHint: fc.boolean(),
        idempotentHint: fc.boolean(),
        openWorldHint: fc.boolean(),
      },
    ),
    execution: toolExecution,
    icons: list(icon),
    _meta: meta,
  },
);

const named = { title: text, description: text };
const formOption = fc.record({ const: text, title: text }, { noNullPrototype: true });
const stringType = fc.constant('string' as const);

export const formField: fc.Arbitrary<FormField> = fc.oneof(
  object(
    { type: stringType },
    {
      ...named,
      minLength: fc.nat(),
      maxLength: fc.nat(),
      format: fc.constantFrom('email' as const, 'uri' as const, 'date' as const, 'date-time' as const),
      default: text,
    },
  ),
  object(
    { type: fc.constantFrom('number' as const, 'integer' as const) },
    { ...named, minimum: fc.integer(), maximum: fc.integer(), default: fc.integer() },
  ),
  object({ type: fc.constant('boolean' as const) }, { ...named, default: fc.boolean() }),
  object({ type: stringType, enum: list(text) }, { ...named, enumNames: list(text), default: text }),
  object({ type: stringType, oneOf: list(formOption) }, { ...named, default: text }),
  object(
    {
      type: fc.constant('array' as const),
      items: fc.oneof(
        fc.record({ type: stringType, enum: list(text) }, { noNullPrototype: true }),
        fc.record({ anyOf: list(formOption) }, { noNullPrototype: true }),
      ),
    },
    { ...named, minItems: fc.nat(), maxItems: fc.nat(), default: list(text) },
  ),
);

export const formSchema: fc.Arbitrary<FormSchema> = object(
  { type: fc.constant('object' as const), properties: dictionary(formField) },
  { $schema: text, required: list(text) },
);

export const elicitForm: fc.Arbitrary<ElicitFormParams> = object(
  { message: text, requestedSchema: formSchema },
  { mode: fc.constant('form' as const), _meta: messageMeta },
);

export const elicitUrl: fc.Arbitrary<ElicitUrlParams2026> = object(
  { mode: fc.constant('url' as const), message: text, url: fc.webUrl() },
  { _meta: messageMeta },
);

export const elicitResult: fc.Arbitrary<ElicitResult> = object(
  { action: fc.constantFrom('accept' as const, 'decline' as const, 'cancel' as const) },
  { content: dictionary(fc.oneof(text, fc.integer(), fc.boolean(), list(text))), _meta: meta },
);

const samplingBlock: fc.Arbitrary<SamplingContentBlock> = fc.oneof(
  textContent,
  mediaContent,
  object({ type: fc.constant('tool_use' as const), id: text, name: text, input: jsonObject }, { _meta: meta }),
  object(
    { type: fc.constant('tool_result' as const), toolUseId: text, content: list(contentBlock) },
    { structuredContent: jsonObject, isError: fc.boolean(), _meta: meta },
  ),
);

const samplingContent = fc.oneof(samplingBlock, list(samplingBlock));
const samplingMessage: fc.Arbitrary<SamplingMessage> = object({ role, content: samplingContent }, { _meta: meta });

export const createMessage: fc.Arbitrary<CreateMessageParams> = object(
  { messages: list(samplingMessage), maxTokens: integer },
  {
    modelPreferences: object(
      {},
      {
        hints: list(object({}, { name: text })),
        costPriority: fraction,
        speedPriority: fraction,
        intelligencePriority: fraction,
      },
    ),
    systemPrompt: text,
    includeContext: fc.constantFrom('none' as const, 'thisServer' as const, 'allServers' as const),
    temperature: fraction,
    stopSequences: list(text),
    metadata: jsonObject,
    tools: fc.array(tool, { maxLength: 1 }),
    toolChoice: object({}, { mode: fc.constantFrom('auto' as const, 'required' as const, 'none' as const) }),
    _meta: messageMeta,
  },
);

export const createMessageResult: fc.Arbitrary<CreateMessageResult> = object(
  { role, content: samplingContent, model: text },
  { stopReason: text, _meta: meta },
);
