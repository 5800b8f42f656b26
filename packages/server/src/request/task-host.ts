import type { Tasks } from '@mcp-tasks/runner';
import { checkTasksCopy } from '@mcp-tasks/runner/engine';
import { type JsonValue, option, type OptionTableOf } from '@mcp-tasks/wire';
import { type OwnerContext, type OwnerOptions, type ResolvedOwner, resolveOwner } from './owner.ts';
import { printError } from './print-error.ts';
import { type QuestionPacing, questionPacing } from './question-pacing.ts';
import {
  concernsTasks,
  type NamedRequest,
  type RequestLimit,
  requestLimit,
  type RequestLimiter,
} from './request-limit.ts';
import { WORKFLOW_SERVING_OPTIONS, type WorkflowServingOptions, workflowSettings } from './workflow-options.ts';

/**
 * How tasks are served, over every transport.
 *
 * @example
 * const options: TaskServerOptions = {
 *   owner: ({ authInfo }) => authInfo?.clientId,
 *   onerror: (error) => console.error(error),
 * };
 * attach(tasks, mcp, options);
 */
export interface TaskServerOptions extends OwnerOptions {
  /**
   * Makes `task.caller` of handlers, in every process: runs once for each call of a task tool,
   * and for each use of a task that `authorize` wants to be asked about. JSON, at most 8 KiB,
   * stored with the task and never sent to a client: no place for a token. Default: nothing.
   */
  readonly caller?: ((context: OwnerContext) => JsonValue) | undefined;
  /**
   * Whether a task may ask questions of a client that did not say what it can answer: a 2025-11-25 client over HTTP
   * without sessions says it once, in a request that no other one knows of. Default true. With false its tasks get
   * `INPUT_UNSUPPORTED` where they ask.
   */
  readonly askUnknownClients?: boolean | undefined;
  /** How workflows are served, if `tasks` has some. */
  readonly workflows?: WorkflowServingOptions | undefined;
  /**
   * Decides instead of `limits.maxRequestsPerSecond` whether a request that concerns tasks is served now. It is asked
   * for callers without an owner too. Refused requests get HTTP 429 with `Retry-After` where that is possible, else the
   * error `REQUEST_LIMIT` with `retryAfterMs`.
   */
  readonly limiter?: RequestLimiter | undefined;
  /** Gets the one warning there is: that callers without an owner were refused tasks. Default: `console.warn`. */
  readonly onWarning?: ((message: string) => void) | undefined;
  /**
   * Named as the SDK's own option; every other callback is `onX`. Gets the faults that a client is told nothing of but
   * -32603: of the store, of the factory, of `owner` and `caller`, of ours. Default: `console.error`.
   */
  readonly onerror?: ((error: unknown) => void) | undefined;
}

/** A task layer and how it is served: what outlives servers, connections and requests. */
export interface TaskHost {
  readonly tasks: Tasks;
  readonly options: TaskServerOptions;
  readonly pacing: QuestionPacing;
  readonly limit: RequestLimit;
  /** Tell whether a request is counted by the limit. */
  concerns(request: NamedRequest): boolean;
  /** @throws {TaskError} OWNER_INVALID - the owner is not a string, empty, too long, or not well-formed Unicode. */
  ownerOf(context: OwnerContext): ResolvedOwner;
  reportError(error: unknown): void;
}

interface SharedState {
  readonly pacing: QuestionPacing;
  warned: boolean;
}

// Escape hatches are called once per server or session, all for one task layer.
const sharedStates = new WeakMap<Tasks, SharedState>();

const REFUSED_WARNING =
  'mcp-tasks: a caller without an owner was served as if there were no tasks. Verify callers and pass `authInfo` with ' +
  '`extra.sub` (and `extra.iss`), or set `owner`, or set `anonymous: "allow"` to let all of them share one owner.';

/** The options that every way to serve tasks has. */
export const TASK_SERVER_OPTIONS: OptionTableOf<TaskServerOptions> = {
  owner: option.callback,
  anonymous: option.choice('refuse', 'allow'),
  caller: option.callback,
  askUnknownClients: option.flag,
  limiter: option.callback,
  workflows: option.fields(WORKFLOW_SERVING_OPTIONS),
  onWarning: option.callback,
  onerror: option.callback,
};

/**
 * Tie a task layer to the way in which it is served. The options were checked. @throws {TypeError} it is not
 * one. @throws {TaskError} COPIES_MIXED
 */
export function createHost(tasks: Tasks, options: TaskServerOptions): TaskHost {
  checkTasksCopy(tasks);
  checkTasks(tasks);
  // A fault of theirs is told now, not at the first request.
  const { continueTool } = workflowSettings(options.workflows);
  const shared = sharedStates.get(tasks) ?? { pacing: questionPacing(tasks.clock), warned: false };
  sharedStates.set(tasks, shared);
  return {
    tasks,
    options,
    pacing: shared.pacing,
    limit: requestLimit(tasks, options.limiter),
    concerns: (request) => concernsTasks({ tools: tasks.tools, continueTool }, request),
    ownerOf(context) {
      const resolved = resolveOwner(context, options, tasks.limits.maxOwnerBytes);
      if (resolved.kind === 'refused' && !shared.warned) {
        shared.warned = true;
        (options.onWarning ?? console.warn)(REFUSED_WARNING);
      }
      return resolved;
    },
    reportError: options.onerror ?? printError,
  };
}

function checkTasks(tasks: unknown): void {
  const isLayer = typeof tasks === 'object' && tasks !== null && 'startTask' in tasks && 'tools' in tasks;
  if (!isLayer) throw new TypeError('tasks must be made by createTasks of "@mcp-tasks/runner".');
}
