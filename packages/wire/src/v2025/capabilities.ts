import type { JsonObject } from '../json.ts';

/** Which requests to a server may become tasks; exhaustive. */
export interface ServerTaskRequests2025 {
  readonly tools?: { readonly call?: JsonObject | undefined } | undefined;
}

/** `capabilities.tasks` of a server. @see 2025-11-25, Tasks, "Server Capabilities" */
export interface ServerTasksCapability2025 {
  /** `tasks/list` is served. */
  readonly list?: JsonObject | undefined;
  /** `tasks/cancel` is served. */
  readonly cancel?: JsonObject | undefined;
  readonly requests?: ServerTaskRequests2025 | undefined;
}

/** Which requests to a client may become tasks; exhaustive. */
export interface ClientTaskRequests2025 {
  readonly sampling?: { readonly createMessage?: JsonObject | undefined } | undefined;
  readonly elicitation?: { readonly create?: JsonObject | undefined } | undefined;
}

/** `capabilities.tasks` of a client. @see 2025-11-25, Tasks, "Client Capabilities" */
export interface ClientTasksCapability2025 {
  readonly list?: JsonObject | undefined;
  readonly cancel?: JsonObject | undefined;
  readonly requests?: ClientTaskRequests2025 | undefined;
}

/** Ready values of a server's `capabilities.tasks`. */
export const SERVER_TASKS_CAPABILITY_2025: {
  /** Tasks for tool calls, listed and cancelled. */
  readonly full: ServerTasksCapability2025;
  /** As `full`, for callers that must not list. */
  readonly withoutList: ServerTasksCapability2025;
  /** Tasks for tool calls and nothing else. */
  readonly toolsOnly: ServerTasksCapability2025;
} = {
  full: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
  withoutList: { cancel: {}, requests: { tools: { call: {} } } },
  toolsOnly: { requests: { tools: { call: {} } } },
};

/** Ready value of a client's `capabilities.tasks`. */
export const CLIENT_TASKS_CAPABILITY_2025: {
  /** Tasks for sampling and elicitation, listed and cancelled. */
  readonly full: ClientTasksCapability2025;
} = {
  full: { list: {}, cancel: {}, requests: { sampling: { createMessage: {} }, elicitation: { create: {} } } },
};
