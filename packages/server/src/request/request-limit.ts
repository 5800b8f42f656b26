/**
 * How many requests an owner may send. Each request that concerns tasks is counted once: over HTTP in front of the SDK,
 * so that it can be answered with the status 429, elsewhere where the connection receives it. The token bucket is that
 * of the task layer, or the author's `limiter` takes its place.
 */
import type { Tasks } from '@mcp-tasks/runner';
import { type ShareHolder, sharesOf } from '@mcp-tasks/runner/engine';
import { TaskError } from '@mcp-tasks/store';
import { isJsonObject, TASK_METHODS } from '@mcp-tasks/wire';
import type { OwnerContext, ResolvedOwner } from './owner.ts';
import { fieldsOf } from './task-request.ts';

const PROMPT_METHOD = 'prompts/get';
/** Name of an answer to a question of a task, which is a response and has no method (2025-11-25). */
const RESPONSE = 'response';
/** Begin of the ids of the requests that ask such a question. */
const QUESTION_ID_PREFIX = 'mcp-tasks/';

/** A request that a {@link RequestLimiter} decides about. */
export interface LimitedRequest {
  /** Undefined = the caller has no owner of its own. */
  readonly owner: string | undefined;
  /** `response` for a client's answer to a question of a task (2025-11-25). */
  readonly method: string;
  /** Name of the tool or prompt, of `tools/call` and `prompts/get`. */
  readonly name: string | undefined;
  readonly context: OwnerContext;
}

/**
 * Decides whether a request is served now. Answers with undefined to serve it, else with the milliseconds after which
 * the caller may try again.
 */
export type RequestLimiter = (request: LimitedRequest) => number | undefined | Promise<number | undefined>;

/** Method and name of a request. */
export type NamedRequest = Pick<LimitedRequest, 'method' | 'name'>;

/** Refuses requests that come too fast. */
export interface RequestLimit {
  /**
   * Count a request.
   *
   * @returns why it is refused; undefined = it is served. @throws every error of the author's `limiter`
   */
  count(
    request: NamedRequest,
    caller: { readonly owner: ResolvedOwner; readonly context: OwnerContext },
  ): TaskError | undefined | Promise<TaskError | undefined>;
  /** Note that an HTTP request was counted in front of the SDK. */
  counted(request: Request): void;
}

/** HTTP requests that were counted in front of the SDK, by whichever part serves them then. */
const counted = new WeakSet<Request>();

/** Make the limit of a task layer. */
export function requestLimit(tasks: Tasks, limiter: RequestLimiter | undefined): RequestLimit {
  const shares = sharesOf(tasks);
  return {
    count({ method, name }, { owner: resolved, context }) {
      if (context.request !== undefined && counted.has(context.request)) return undefined;
      const { owner, kind, isLocal } = resolved;
      const holder: ShareHolder = { owner, isCommon: kind !== 'owner', tool: name };
      if (limiter === undefined) {
        // Of callers that cannot be told apart one must not be refused for another, and the local user is alone.
        return holder.isCommon || isLocal === true ? undefined : refusedFor(shares.takeRequest(holder));
      }
      const decide = (retryAfterMs: number | undefined): TaskError | undefined => {
        if (retryAfterMs !== undefined) shares.tell('limiter', holder);
        return refusedFor(retryAfterMs);
      };
      const answer = limiter({ owner: holder.isCommon ? undefined : owner, method, name, context });
      return answer instanceof Promise ? answer.then(decide) : decide(answer);
    },
    counted(request) {
      counted.add(request);
    },
  };
}

function refusedFor(retryAfterMs: number | undefined): TaskError | undefined {
  if (retryAfterMs === undefined) return undefined;
  return new TaskError('REQUEST_LIMIT', `Too many requests: send this one again in ${retryAfterMs} ms.`, {
    details: { retryAfterMs },
    retryable: true,
  });
}

/** Tell whether a request is one that mcp-tasks serves, as far as method and name say so. */
export function concernsTasks(
  { tools, continueTool }: { readonly tools: Tasks['tools']; readonly continueTool: string | undefined },
  { method, name }: NamedRequest,
): boolean {
  if (method === TASK_METHODS.CALL_TOOL || method === PROMPT_METHOD) {
    return name !== undefined && (tools.has(name) || name === continueTool);
  }
  return method === TASK_METHODS.LISTEN_2026 || method === RESPONSE || method.startsWith('tasks/');
}

/** The name by which a message is counted; undefined for what is not counted. */
export function nameOfMessage(message: unknown): NamedRequest | undefined {
  if (!isJsonObject(message)) return undefined;
  const { method, id, params } = message;
  if (typeof method !== 'string') {
    return typeof id === 'string' && id.startsWith(QUESTION_ID_PREFIX)
      ? { method: RESPONSE, name: undefined }
      : undefined;
  }
  const { name } = fieldsOf(params);
  return { method, name: typeof name === 'string' ? name : undefined };
}
