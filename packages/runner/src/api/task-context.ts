import type { CallToolResult, JsonObject, JsonValue } from '@mcp-tasks/wire';
import type { AuthorSchema, SchemaOutput } from './schema.ts';
import type { WorkflowStepInfo } from './workflow-step.ts';

/** A person's answer to a form. */
export type Elicited<Content> =
  | { readonly action: 'accept'; readonly content: Content }
  | { readonly action: 'decline' }
  | { readonly action: 'cancel' };

/** A form for a person: message and fields. */
export interface ElicitQuestion<Schema extends AuthorSchema = AuthorSchema> {
  readonly message: string;
  /** An object of primitive fields. The answer is checked with it; extra properties are allowed. */
  readonly schema: Schema;
}

/** An address for a person to visit: for what must not pass through the client, such as a login or a payment. */
export interface UrlQuestion {
  /** Why the person should go there. */
  readonly message: string;
  /** `https:` or `http:`, with nothing in it that the client may not see. */
  readonly url: string;
}

/** A person's answer to an address: `accept` means that they agreed to go there, not that they are done. */
export interface UrlElicited {
  readonly action: 'accept' | 'decline' | 'cancel';
}

/** A place that the client lets the server work in. @see 2025-11-25, Roots */
export interface Root {
  readonly uri: string;
  readonly name?: string | undefined;
}

/** The answer of the client's model. @see 2025-11-25, Sampling */
export interface Sampled {
  readonly role: 'user' | 'assistant';
  readonly model: string;
  readonly stopReason?: string | undefined;
  readonly content: JsonValue;
}

/** Argument of a step's function. */
export interface StepContext {
  /** `taskId/name`: the same on every attempt, for external systems that can deduplicate. */
  readonly idempotencyKey: string;
  /** Aborts with the run, and when the try takes longer than its `timeoutMs`. */
  readonly signal: AbortSignal;
}

/** The work of a step. */
export type StepFunction<Value> = (step: StepContext) => Value | Promise<Value>;

/**
 * How a step is tried again.
 *
 * @example
 * const options: RetryOptions = { retries: 5, backoffMs: 500, retryIf: (error) => !(error instanceof RangeError) };
 */
export interface RetryOptions {
  /** Tries after the first, an integer from 0; default 0. */
  readonly retries?: number | undefined;
  /** Time before the second try; it doubles with each further one. Milliseconds, an integer from 0; default 1 s. */
  readonly backoffMs?: number | undefined;
  /** Longest time between two tries; milliseconds, an integer from 0; default 1 min. */
  readonly maxBackoffMs?: number | undefined;
  /** Time that one try may take; its signal aborts then. Milliseconds, an integer from 1; default: no limit. */
  readonly timeoutMs?: number | undefined;
  /** Decides whether what a try threw is worth another; default: it is. */
  readonly retryIf?: ((error: unknown) => boolean) | undefined;
}

/** The answers to a tool's declared questions, by key. */
export type AskedAnswers<Ask extends Readonly<Record<string, ElicitQuestion>>> = {
  readonly [Key in keyof Ask]: Elicited<SchemaOutput<Ask[Key]['schema']>>;
};

declare const PARKED: unique symbol;

/** Return value with which a handler ends this run and waits; made by {@link TaskContext.park}. */
export interface ParkedRun {
  readonly [PARKED]: true;
}

/**
 * The task, as its handler uses it. Every promise resolves when the effect is stored; a handler completes by returning.
 *
 * Names of steps, questions and variables are 1 to 128 characters of well-formed Unicode, and none that every object
 * has as a member (`toString`).
 *
 * Any method that writes or waits rejects (or throws) `RUN_ENDED` once the run may no longer write: cancelled, expired,
 * taken over, parked, shut down. A rejection that the handler did not await does not end the process:
 * `onBackgroundError` receives it, with task, tool and name.
 */
export interface TaskContext<
  Variables extends object = Record<string, JsonValue>,
  Ask extends Readonly<Record<string, ElicitQuestion>> = Readonly<Record<string, never>>,
> {
  /** The task's id; on an inline run an id that cannot be looked up. */
  readonly id: string;
  readonly owner: string;
  /** The value that `serveTasks({ caller })` made of the creating request; the same in every process. */
  readonly caller: JsonValue | undefined;
  /** Number of this run, from 1. */
  readonly attempt: number;
  /** True when the tool runs inside the request: nothing is stored. */
  readonly inline: boolean;
  /**
   * Signal that aborts on cancel, expiry, lost lease, parking, timeout and shutdown; the reason is a `TaskError` with
   * code `RUN_ENDED`. It takes any number of listeners.
   */
  readonly signal: AbortSignal;
  /** Answers to the tool's `ask` questions. */
  readonly answers: AskedAnswers<Ask>;
  /**
   * The workflow's step that the tool runs as, begun by the server or by a call that continues the workflow; else
   * undefined.
   */
  readonly workflow: WorkflowStepInfo | undefined;

  /**
   * Report progress, for the original progress token (2025-11-25); `message`, cut at 1 KiB, becomes the status message
   * too. The latest report wins. It is stored with the next write, within 250 ms. Reports whose `done` does not grow
   * are dropped, also those of a later run.
   *
   * Never throws, so that timers and events may call it. A report after the end of the run is dropped. So is one with
   * an argument of a wrong type, which `onBackgroundError` receives.
   */
  progress(done: number, total?: number, message?: string): void;
  /**
   * Set the status message, cut at 1 KiB. The latest message wins. It is stored as {@link progress} is. Never throws
   * either.
   */
  status(message: string): void;

  /** Read a variable, own writes included. */
  get<Name extends keyof Variables & string>(name: Name): Variables[Name] | undefined;
  /** Read a variable through a schema. @throws {TaskError} VARIABLE_INVALID - the stored value does not fit. */
  get<Schema extends AuthorSchema>(name: string, schema: Schema): SchemaOutput<Schema> | undefined;
  /**
   * Write one variable, kept as JSON; `null` deletes it. @throws {TaskError} VARIABLE_TOO_LARGE,
   * VARIABLE_STRING_TOO_LONG, VARIABLE_TOO_DEEP, VARIABLE_INVALID, NAME_INVALID
   */
  set<Name extends keyof Variables & string>(name: Name, value: Variables[Name]): Promise<void>;
  /**
   * Write several variables: new names are added, known ones replaced, `null` deletes. All or none.
   *
   * @throws as {@link set}
   */
  merge(values: { readonly [Name in keyof Variables]?: Variables[Name] | null }): Promise<void>;
  /** Delete one variable; does nothing when there is none. */
  delete(name: keyof Variables & string): Promise<void>;
  /**
   * Show a value to the client in `_meta`; `null` takes it back. Private variables are never shown. @throws as {@link
   * set}
   */
  publish(name: string, value: JsonValue): Promise<void>;

  /**
   * Run `fn` once per task and keep its value as JSON; later attempts get the stored value without running it.
   *
   * Each recorded value is exactly-once; the external effects of a step in flight at a crash are at-least-once.
   *
   * @throws {TaskError} STEP_NAME_REUSED - the name was used in this attempt; CHECKPOINT_TOO_LARGE, CHECKPOINT_LIMIT,
   * VALUE_NOT_JSON,
   *   NAME_INVALID
   */
  step<Value>(name: string, fn: StepFunction<Value>): Promise<Value>;
  /**
   * Run `fn` as {@link step} does, and try it again when it fails. The tries, and the wait before the next one, are
   * durable: a task that waits long is parked, and goes on in any process.
   *
   * @throws {RangeError} an option is out of range; {TypeError} one is unknown or of the wrong type: the message names
   * it; {TaskError} as {@link step}; STEP_TIMEOUT - the last try took longer than `timeoutMs`; what the last try threw.
   */
  step<Value>(name: string, options: RetryOptions, fn: StepFunction<Value>): Promise<Value>;
  /**
   * Wait, durably: until the first run that came here wanted to go on, whatever process waits. It holds no slot, and a
   * task that waits long is parked. Names share one space with {@link step}.
   *
   * @param ms - milliseconds, an integer from 0.
   * @throws {RangeError} `ms` is out of range; {TaskError} STEP_NAME_REUSED, NAME_INVALID; SLEEP_TOO_LONG - the task
   * expires before.
   */
  sleep(name: string, ms: number): Promise<void>;

  /**
   * Ask the person behind the client, and wait; a waiting run costs no slot.
   *
   * @throws {TaskError} QUESTION_KEY_REUSED, QUESTION_LIMIT, NAME_INVALID; INPUT_UNSUPPORTED - the client is known not
   * to support forms; INPUT_REFUSED - the client answered with a JSON-RPC error.
   */
  elicit<Schema extends AuthorSchema>(
    key: string,
    question: ElicitQuestion<Schema>,
  ): Promise<Elicited<SchemaOutput<Schema>>>;
  /**
   * Ask the person behind the client to visit an address, and wait for their consent. @throws as with a form;
   * INPUT_UNSUPPORTED - the client does not declare `elicitation.url`.
   */
  elicit(key: string, question: UrlQuestion): Promise<UrlElicited>;
  /** Ask the client for its roots. Keys share one space with {@link elicit}. @throws as {@link elicit} */
  roots(key: string): Promise<readonly Root[]>;
  /** Ask the client's model. Keys share one space with {@link elicit}. @throws as {@link elicit} */
  sample(key: string, params: JsonObject): Promise<Sampled>;

  /** Make a result that says that the tool failed: `isError` with this text. */
  fail(text: string): CallToolResult;
  /**
   * End this run and wait for an answer or a wake-up: `return task.park(message)`. For `onCrash: 'rerun'` tools.
   *
   * @throws {TaskError} RERUN_REQUIRED
   */
  park(message: string): ParkedRun;
}
