import * as z from 'zod';
import { type MessageMeta, MessageMetaSchema, type RequestId, RequestIdSchema } from '../message/json-rpc.ts';
import { SUBSCRIPTION_ID_META_KEY } from '../message/meta-keys.ts';
import { field, openObject } from '../schema/schema.ts';
import type { WireSchema } from '../schema/wire-schema.ts';
import { type InputResponses2026, InputResponses2026Schema } from './input.ts';
import type { CompleteResult2026 } from './task.ts';

/** Params of `tasks/get` and `tasks/cancel`. */
export interface TaskIdParams2026 {
  readonly taskId: string;
  readonly _meta?: MessageMeta | undefined;
}

/** Params of `tasks/update`. @see SEP-2663, "Task Update Requests" */
export interface UpdateTaskParams2026 {
  readonly taskId: string;
  /** Any part of the open questions; keys of no open question are ignored. */
  readonly inputResponses: InputResponses2026;
  readonly _meta?: MessageMeta | undefined;
}

/** Answer to `tasks/update`: received, nothing more. @see SEP-2663, "Task Update Requests" */
export type UpdateTaskResult2026 = CompleteResult2026;

/** Answer to `tasks/cancel`: received, nothing more. @see SEP-2663, "Task Cancellation" */
export type CancelTaskResult2026 = CompleteResult2026;

/**
 * Selects the notifications of a `subscriptions/listen` stream; it carries no others. @see 2026-07-28, Subscriptions,
 * "Notification Filter"
 */
export interface SubscriptionFilter2026 {
  readonly toolsListChanged?: boolean | undefined;
  readonly promptsListChanged?: boolean | undefined;
  readonly resourcesListChanged?: boolean | undefined;
  /** Addresses of resources. */
  readonly resourceSubscriptions?: string[] | undefined;
  /** Tasks whose changes are wanted. @see SEP-2663, "Task Status Notifications" */
  readonly taskIds?: string[] | undefined;
}

/** Params of `subscriptions/listen`. */
export interface ListenParams2026 {
  readonly notifications: SubscriptionFilter2026;
  readonly _meta?: MessageMeta | undefined;
}

/** Params of `notifications/subscriptions/acknowledged`: what of the filter is served. */
export interface SubscriptionsAcknowledgedParams2026 {
  readonly notifications: SubscriptionFilter2026;
  /** Carries the subscription's id. */
  readonly _meta?: MessageMeta | undefined;
}

/** `_meta` of the end of a subscription. */
export interface ListenResultMeta2026 {
  /** The id of the `subscriptions/listen` request. */
  readonly [SUBSCRIPTION_ID_META_KEY]: RequestId;
  readonly [key: string]: unknown;
}

/** Answer to `subscriptions/listen`: the subscription is over. @see 2026-07-28, Subscriptions, "Graceful Closure" */
export interface ListenResult2026 {
  readonly resultType: 'complete';
  readonly _meta: ListenResultMeta2026;
}

const _meta = field(MessageMetaSchema).optional();

/** {@link TaskIdParams2026}. */
export const TaskIdParams2026Schema: WireSchema<TaskIdParams2026> = openObject<TaskIdParams2026>()({
  taskId: z.string(),
  _meta,
});

/** {@link UpdateTaskParams2026}. */
export const UpdateTaskParams2026Schema: WireSchema<UpdateTaskParams2026> = openObject<UpdateTaskParams2026>()({
  taskId: z.string(),
  inputResponses: field(InputResponses2026Schema),
  _meta,
});

/** {@link SubscriptionFilter2026}. */
export const SubscriptionFilter2026Schema: WireSchema<SubscriptionFilter2026> = openObject<SubscriptionFilter2026>()({
  toolsListChanged: z.boolean().optional(),
  promptsListChanged: z.boolean().optional(),
  resourcesListChanged: z.boolean().optional(),
  resourceSubscriptions: z.array(z.string()).optional(),
  taskIds: z.array(z.string()).optional(),
});

/** {@link ListenParams2026}. */
export const ListenParams2026Schema: WireSchema<ListenParams2026> = openObject<ListenParams2026>()({
  notifications: field(SubscriptionFilter2026Schema),
  _meta,
});

/** {@link SubscriptionsAcknowledgedParams2026}. */
export const SubscriptionsAcknowledgedParams2026Schema: WireSchema<SubscriptionsAcknowledgedParams2026> =
  openObject<SubscriptionsAcknowledgedParams2026>()({ notifications: field(SubscriptionFilter2026Schema), _meta });

/** {@link ListenResult2026}. */
export const ListenResult2026Schema: WireSchema<ListenResult2026> = openObject<ListenResult2026>()({
  resultType: z.literal('complete'),
  _meta: field(openObject<ListenResultMeta2026>()({ [SUBSCRIPTION_ID_META_KEY]: field(RequestIdSchema) })),
});
