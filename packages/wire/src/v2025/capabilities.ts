import { jsonObject } from '../schema/fields.ts';
import { frozen } from '../schema/frozen.ts';
import type { JsonObject } from '../schema/json.ts';
import { field, openObject } from '../schema/schema.ts';
import type { WireSchema } from '../schema/wire-schema.ts';

/** Which requests of the kind `tools` may become tasks. */
export interface ServerToolRequests2025 {
  /** `tools/call`. */
  readonly call?: JsonObject | undefined;
}

/** Which requests to a server may become tasks; exhaustive. */
export interface ServerTaskRequests2025 {
  readonly tools?: ServerToolRequests2025 | undefined;
}

/** `capabilities.tasks` of a server. @see 2025-11-25, Tasks, "Server Capabilities" */
export interface ServerTasksCapability2025 {
  /** `tasks/list` is served. */
  readonly list?: JsonObject | undefined;
  /** `tasks/cancel` is served. */
  readonly cancel?: JsonObject | undefined;
  readonly requests?: ServerTaskRequests2025 | undefined;
}

/** Which requests of the kind `sampling` may become tasks. */
export interface ClientSamplingRequests2025 {
  /** `sampling/createMessage`. */
  readonly createMessage?: JsonObject | undefined;
}

/** Which requests of the kind `elicitation` may become tasks. */
export interface ClientElicitationRequests2025 {
  /** `elicitation/create`. */
  readonly create?: JsonObject | undefined;
}

/** Which requests to a client may become tasks; exhaustive. */
export interface ClientTaskRequests2025 {
  readonly sampling?: ClientSamplingRequests2025 | undefined;
  readonly elicitation?: ClientElicitationRequests2025 | undefined;
}

/** `capabilities.tasks` of a client. @see 2025-11-25, Tasks, "Client Capabilities" */
export interface ClientTasksCapability2025 {
  readonly list?: JsonObject | undefined;
  readonly cancel?: JsonObject | undefined;
  readonly requests?: ClientTaskRequests2025 | undefined;
}

/** Ready values of a server's `capabilities.tasks`, frozen. */
export const SERVER_TASKS_CAPABILITY_2025: {
  /** Tasks for tool calls, listed and cancelled. */
  readonly full: ServerTasksCapability2025;
  /** As `full`, for callers that must not list. */
  readonly withoutList: ServerTasksCapability2025;
  /** Tasks for tool calls and nothing else. */
  readonly toolsOnly: ServerTasksCapability2025;
} = frozen({
  full: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
  withoutList: { cancel: {}, requests: { tools: { call: {} } } },
  toolsOnly: { requests: { tools: { call: {} } } },
});

/** Ready value of a client's `capabilities.tasks`, frozen. */
export const CLIENT_TASKS_CAPABILITY_2025: {
  /** Tasks for sampling and elicitation, listed and cancelled. */
  readonly full: ClientTasksCapability2025;
} = frozen({
  full: { list: {}, cancel: {}, requests: { sampling: { createMessage: {} }, elicitation: { create: {} } } },
});

/** {@link ServerTasksCapability2025}. */
export const ServerTasksCapability2025Schema: WireSchema<ServerTasksCapability2025> =
  openObject<ServerTasksCapability2025>()({
    list: jsonObject.optional(),
    cancel: jsonObject.optional(),
    requests: field(
      openObject<ServerTaskRequests2025>()({
        tools: field(openObject<ServerToolRequests2025>()({ call: jsonObject.optional() })).optional(),
      }),
    ).optional(),
  });

/** {@link ClientTasksCapability2025}. */
export const ClientTasksCapability2025Schema: WireSchema<ClientTasksCapability2025> =
  openObject<ClientTasksCapability2025>()({
    list: jsonObject.optional(),
    cancel: jsonObject.optional(),
    requests: field(
      openObject<ClientTaskRequests2025>()({
        sampling: field(openObject<ClientSamplingRequests2025>()({ createMessage: jsonObject.optional() })).optional(),
        elicitation: field(openObject<ClientElicitationRequests2025>()({ create: jsonObject.optional() })).optional(),
      }),
    ).optional(),
  });
