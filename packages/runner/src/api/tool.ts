import type { CallToolResult, JsonObject, JsonValue, TaskSupport } from '@mcp-tasks/wire';
import type { AuthorSchema, SchemaOutput } from './schema.ts';
import type { ElicitQuestion, ParkedRun, TaskContext } from './task-context.ts';
import type { WorkflowStepInfo } from './workflow-step.ts';

/** The questions that a tool asks before its work begins, by key. */
export type AskQuestions = Readonly<Record<string, ElicitQuestion>>;

/** The OAuth scopes that a request must have. */
export interface ScopeChallenge {
  readonly scopes: readonly [string, ...string[]];
  readonly errorDescription?: string;
}

/** Facts that a {@link ScopeChallengeHandler} decides by, as the MCP SDK passes them. */
export interface ScopeChallengeContext {
  readonly request: {
    readonly jsonrpc: '2.0';
    readonly id: string | number;
    readonly method: string;
    readonly params?: Record<string, unknown> | undefined;
  };
  /** Facts of the token that the host verified; absent when it verified none. */
  readonly authInfo?: {
    readonly token: string;
    readonly clientId: string;
    readonly scopes: string[];
    /** Seconds since 1970-01-01 UTC. */
    readonly expiresAt?: number;
    readonly resource?: URL;
    readonly resourceMetadataUrl?: string;
    readonly extra?: Record<string, unknown>;
  };
}

/**
 * A function that names the scopes a request still needs; `undefined` = none. Equals the MCP SDK's type of the same
 * name, without importing it.
 */
export type ScopeChallengeHandler = (
  context: ScopeChallengeContext,
) => ScopeChallenge | undefined | Promise<ScopeChallenge | undefined>;

/**
 * How a tool is described and run. Every field is optional.
 *
 * @example
 * const options = {
 *   description: 'Render a month as PDF',
 *   inputSchema: z.object({ month: z.string() }),
 *   onCrash: 'rerun',
 *   timeoutMs: 10 * 60_000,
 * } satisfies ToolOptions;
 */
export interface ToolOptions<
  Input extends AuthorSchema = AuthorSchema,
  Output extends AuthorSchema = AuthorSchema,
  Variables extends AuthorSchema = AuthorSchema,
  Ask extends AskQuestions = AskQuestions,
> {
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly inputSchema?: Input | undefined;
  /** Schema of `structuredContent`, which is checked with it before a result is stored. */
  readonly outputSchema?: Output | undefined;
  readonly annotations?: Readonly<Record<string, unknown>> | undefined;
  readonly icons?:
    | readonly {
        readonly src: string;
        readonly mimeType?: string | undefined;
        readonly sizes?: string[] | undefined;
        readonly theme?: 'light' | 'dark' | undefined;
      }[]
    | undefined;
  readonly _meta?: Readonly<Record<string, unknown>> | undefined;
  /**
   * Over HTTP, names the scopes that a call still needs. Passed to the MCP SDK, whose `requireScopes(...)` makes such a
   * function.
   */
  readonly scopeChallenge?: ScopeChallengeHandler | undefined;

  /** Default `optional`. */
  readonly taskSupport?: TaskSupport | undefined;
  /**
   * Lifetime of this tool's tasks where the client asked for none, kept within `minTtlMs` and `maxTtlMs` of the limits;
   * default `limits.defaultTtlMs`.
   */
  readonly ttlMs?: number | undefined;
  /** Default `limits.keepResultMs`. */
  readonly keepResultMs?: number | undefined;
  /** Default `limits.pollIntervalMs`. */
  readonly pollIntervalMs?: number | undefined;
  /** Longest time of a run; a longer run ends as `isError`. Waiting at a question does not count. Default: none. */
  readonly timeoutMs?: number | undefined;
  /**
   * Policy after a crash or shutdown: `fail` ends the task as interrupted, `rerun` starts the handler again. Default
   * `fail`.
   */
  readonly onCrash?: 'fail' | 'rerun' | undefined;
  /** Crashes in a row after which a `rerun` task fails; default the one of `createTasks`. */
  readonly maxCrashes?: number | undefined;
  /** Questions asked before the task exists (2026-07-28) or at the start of its run (2025-11-25). */
  readonly ask?: Ask | undefined;
  /**
   * Object schema that types and checks the task's variables, after each change. Variables that were never set may be
   * missing; a refinement of the object as a whole, or a union, has to hold at once.
   */
  readonly variables?: Variables | undefined;
  /**
   * Key under which equal calls are one task, from owner and arguments; the client's `_meta` key wins. Anonymous
   * callers share an owner: of their calls only equal ones of one session are one task, and without a session none are.
   */
  readonly idempotencyKey?: ((args: SchemaOutput<Input>) => string | undefined) | undefined;
  /** Text for the model while the task runs (2025-11-25 only). */
  readonly immediateResponse?: string | undefined;
}

/**
 * A function that does the tool's work. Throwing makes a result with `isError`; a `ProtocolFailure` makes that JSON-RPC
 * error.
 */
export type ToolHandler<Args, Variables extends object, Ask extends AskQuestions> = (
  args: Args,
  task: TaskContext<Variables, Ask>,
) => CallToolResult | ParkedRun | Promise<CallToolResult | ParkedRun>;

/**
 * A registered tool. `Args` is the type that its input schema takes. `Structured` is the type that its output schema
 * takes, which is the form of stored results. Both are types only, for workflows that refer to the tool.
 */
export interface TaskTool<Args = unknown, Structured = unknown> {
  readonly name: string;
  readonly options: ToolOptions;
  readonly handler: ToolHandler<never, never, never>;
  readonly '~types'?: { readonly args: Args; readonly structured: Structured };
}

/** Questions that a client is known to be able to answer; an absent field counts as supported. */
export interface InputCapabilities {
  /** Forms. */
  readonly elicitation?: boolean | undefined;
  readonly sampling?: boolean | undefined;
  /** Addresses to visit. */
  readonly elicitationUrl?: boolean | undefined;
  readonly roots?: boolean | undefined;
}

/** W3C trace context of the request, passed on to events. */
export interface TraceContext {
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
  readonly baggage?: string | undefined;
}

/** One call of a tool, of either generation, as the layers below `server` see it. */
export interface ToolCall {
  readonly tool: string;
  readonly owner: string;
  /** Arguments as the client sent them; checked with the tool's schema on every run. */
  readonly arguments: JsonObject;
  readonly caller?: JsonValue | undefined;
  /**
   * The ttl that the client asked for (2025-11-25), in milliseconds: a safe positive integer, clamped by the task
   * layer.
   */
  readonly requestedTtlMs?: number | undefined;
  readonly idempotencyKey?: string | undefined;
  /**
   * Scope of idempotency keys, where unrelated callers share an owner: only calls of the same scope share keys. `null`
   * = no keys: a client's key is refused, and the tool's own is not used. Absent = all calls of the owner share keys.
   */
  readonly keyScope?: string | null | undefined;
  /** Questions that the client can answer; absent = unknown, which counts as able. */
  readonly inputCapabilities?: InputCapabilities | undefined;
  /** Answers to `ask` questions that were asked before the call, by key: the raw responses. */
  readonly answers?: Readonly<Record<string, JsonObject>> | undefined;
  /** Progress token of the request (2025-11-25). */
  readonly progressToken?: string | number | undefined;
  /** The step as which the call continues a workflow, inline. */
  readonly workflow?: WorkflowStepInfo | undefined;
  readonly trace?: TraceContext | undefined;
}
