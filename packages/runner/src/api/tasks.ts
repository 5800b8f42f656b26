import type { Clock, TaskEntryKind, TaskHead, TaskLimits, TaskProgress, TaskRecord, TaskStore } from '@mcp-tasks/store';
import type { OwnerPage } from '@mcp-tasks/store/rules';
import type { CallToolResult, InputRequest, InputResponse, JsonValue } from '@mcp-tasks/wire';
import type { TaskEvent } from './events.ts';
import type { TaskExecutor } from './executor.ts';
import type { AuthorSchema, SchemaInput, SchemaOutput } from './schema.ts';
import type { ShareLimits } from './share-limits.ts';
import type { AskQuestions, TaskTool, ToolCall, ToolHandler, ToolOptions } from './tool.ts';

/** Uses of a task that exists, of which `authorize` may be asked. */
export type TaskAccess = 'get' | 'result' | 'answer' | 'cancel';

/** A request that `authorize` decides about. */
export interface AuthorizeRequest {
  readonly owner: string;
  /** Made of the request that is decided about; where there is none, of the request that made the task. */
  readonly caller: JsonValue | undefined;
  readonly tool: string;
  readonly arguments: unknown;
  /**
   * Origin: a client's call, a workflow's step, a call that continues a workflow, or a run after the first or in
   * another process. Asked for alone: a use of a task that exists (`authorizeAccess`), and a handler that is running
   * (`authorizeEveryMs`).
   */
  readonly via: 'call' | 'step' | 'continuation' | 'rerun' | 'running' | TaskAccess;
}

/** Limits of tasks, and of the share that one owner has of a process. */
type Limits = TaskLimits & ShareLimits;

/**
 * Options of `createTasks`; `undefined` means the default everywhere.
 *
 * @example
 * const options: TasksOptions = {
 *   store: memoryStore(),
 *   limits: { defaultTtlMs: 10 * 60_000 },
 *   onBackgroundError: (error) => console.error(error),
 *   onEvent: (event) => console.log(JSON.stringify(event)),
 * };
 */
export interface TasksOptions {
  /**
   * A store, or the URL of one for `openStore`: `sqlite:tasks.db`, `postgres://…`, `redis://…`. Default
   * `memoryStore()`, which loses everything with the process.
   */
  readonly store?: TaskStore | string | undefined;
  /** Default `inProcessExecutor({ concurrency: 16 })`. */
  readonly executor?: TaskExecutor | undefined;
  /** Default `DEFAULT_LIMITS` of `@mcp-tasks/store` and {@link ShareLimits}, field by field. */
  readonly limits?: { readonly [Name in keyof Limits]?: Limits[Name] | undefined } | undefined;
  readonly clock?: Clock | undefined;
  /** Runs before every execution of a handler; throws to refuse. */
  readonly authorize?: ((request: AuthorizeRequest) => void | Promise<void>) | undefined;
  /**
   * Uses of a task before which `authorize` is asked too, with the tool and the arguments of the task. Default none.
   * A result is asked for before it is shown, by whichever method. A list shows heads alone, and asks for none.
   */
  readonly authorizeAccess?: readonly TaskAccess[] | undefined;
  /**
   * Time after which `authorize` is asked again while a handler runs (`via: 'running'`), and again after each such
   * time. A refusal cancels the task. A run inside its request ends with the refusal. Default never.
   */
  readonly authorizeEveryMs?: number | undefined;
  /**
   * Audit log and telemetry. A throwing listener changes nothing. Each process reports what it did itself. It reports
   * `expired` at once for a task whose handler it runs, and for other tasks when it removes them.
   */
  readonly onEvent?: ((event: TaskEvent) => void) | undefined;
  /**
   * Receives errors from background work (heartbeat, recovery, sweep, a lost write), and errors that a handler did not
   * await (`EFFECT_NOT_AWAITED`, `REPORT_INVALID`); default: a process warning.
   */
  readonly onBackgroundError?: ((error: unknown) => void) | undefined;
  /** Time for which a run is held without a heartbeat; default 20 s, renewed every third of it. */
  readonly leaseMs?: number | undefined;
  /** Time for which a `rerun` run waits at a question in memory; default 30 s. */
  readonly parkAfterMs?: number | undefined;
  /** Crashes in a row at which a task of a `rerun` tool fails; default 3. */
  readonly maxCrashes?: number | undefined;
  /** Time for which a handler may go on after its signal aborted; default 5 s. */
  readonly graceMs?: number | undefined;
  /** Time between two sweeps of expired tasks; default 60 s. */
  readonly sweepIntervalMs?: number | undefined;
}

/** The request that an inline run runs in, as the run uses it. */
export interface InlineHost {
  /** The request's signal. */
  readonly signal: AbortSignal;
  /** Send progress to the request's token. */
  progress?(progress: TaskProgress): void;
  /** Send a question on the request's stream and wait; absent = questions reject with `INPUT_UNSUPPORTED`. */
  ask?(key: string, request: InputRequest, signal: AbortSignal): Promise<InputResponse>;
}

/**
 * One owner's tasks: the only way for the layers above to reach a task. A foreign task looks like a missing one.
 *
 * Every method throws `TaskError` `TASK_NOT_FOUND`, with the same text for foreign, missing and expired tasks.
 */
export interface OwnerTasks {
  readonly owner: string;
  /** Read the head and the entries of these kinds (default: none). */
  get(taskId: string, kinds?: readonly TaskEntryKind[]): Promise<TaskRecord>;
  /** Read one page, newest first, 50 tasks by default. @throws {TaskError} INVALID_CURSOR */
  list(options?: { readonly cursor?: string | undefined; readonly limit?: number | undefined }): Promise<OwnerPage>;
  /** End the task as cancelled; the run's signal follows. @throws {TaskError} TASK_ALREADY_TERMINAL */
  cancel(taskId: string): Promise<TaskHead>;
  /**
   * Answer open questions. Keys that are not open are ignored; a subset is accepted.
   *
   * @throws {TaskError} TASK_ANSWER_INVALID - an answer does not fit its question: nothing is stored, the message names
   * the key.
   */
  answer(taskId: string, responses: Readonly<Record<string, InputResponse>>): Promise<TaskHead>;
  /**
   * Close an open question that the client answered with a JSON-RPC error: it rejects with `INPUT_REFUSED` in the
   * handler. Does nothing when the question is not open.
   */
  refuse(taskId: string, key: string, refusal: { readonly code: number; readonly message: string }): Promise<TaskHead>;
  /** Wait until `until` holds for the head (tried at once and after each change). Rejects when `signal` aborts. */
  waitFor(
    taskId: string,
    until: (head: TaskHead) => boolean,
    options: { readonly signal: AbortSignal },
  ): Promise<TaskHead>;
  /**
   * Call `listener` with the head at once and after each change, with `undefined` once when the task is gone. @returns
   * stops.
   */
  watch(taskId: string, listener: (head: TaskHead | undefined) => void): () => void;
}

/** The task layer of a server or worker: made once, at module scope. */
export interface Tasks {
  /** All limits that apply. */
  readonly limits: TaskLimits & ShareLimits;
  readonly clock: Clock;
  readonly tools: ReadonlyMap<string, TaskTool>;

  /**
   * Register a tool. The same definition serves both generations, inline and as a task.
   *
   * @throws {TypeError} the name is taken, or an option has the wrong type; {RangeError} one is out of range: the
   * message names it.
   */
  tool<
    Input extends AuthorSchema<unknown, Record<string, unknown>> = AuthorSchema<unknown, Record<string, never>>,
    Output extends AuthorSchema = AuthorSchema,
    Variables extends AuthorSchema<unknown, object> = AuthorSchema<unknown, Record<string, JsonValue>>,
    const Ask extends AskQuestions = Readonly<Record<string, never>>,
  >(
    name: string,
    options: ToolOptions<Input, Output, Variables, Ask>,
    handler: ToolHandler<SchemaOutput<Input>, SchemaOutput<Variables>, Ask>,
  ): TaskTool<SchemaInput<Input>, SchemaInput<Output>>;

  /**
   * Store a task for the call and submit its run: one write.
   *
   * @throws {TaskError} TASK_QUOTA_EXCEEDED, ARGUMENTS_TOO_LARGE, INVALID_ARGUMENTS, INVALID_TTL, TASK_ANSWER_INVALID,
   *   IDEMPOTENCY_KEY_INVALID, IDEMPOTENCY_KEY_REUSED, OWNER_INVALID, CALLER_INVALID, TOOL_NOT_FOUND,
   *   STORE_UNAVAILABLE, STORE_CLOSED; TASK_OWNER_REQUIRED - the owner is `NO_OWNER`, or `keyScope` is null and there
   *   is a key; every error of `authorize`.
   */
  startTask(call: ToolCall): Promise<TaskHead>;
  /**
   * Run the tool inside a request: nothing is stored, listed or counted.
   *
   * @throws {ProtocolFailure} the handler threw one; {TaskError} INPUT_UNSUPPORTED - the handler asked and did not
   * catch it.
   */
  runInline(call: ToolCall, host: InlineHost): Promise<CallToolResult>;
  /**
   * Reach the tasks of one owner.
   *
   * @throws {TaskError} OWNER_INVALID; TASK_OWNER_REQUIRED - it is `NO_OWNER`, which owns nothing.
   */
  for(owner: string): OwnerTasks;

  /**
   * Open the store, then begin heartbeats, recovery and sweep. Safe to call twice. @throws {TaskError}
   * STORE_UNAVAILABLE, STORE_INCOMPATIBLE
   */
  start(): Promise<void>;
  /** Drain (default 5 s), then close all that `start` opened. Safe to call twice. */
  close(options?: { readonly drainMs?: number | undefined }): Promise<void>;
}
