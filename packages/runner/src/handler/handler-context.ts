import { TaskError } from '@mcp-tasks/store';
import { checkCopy, MADE_BY } from '@mcp-tasks/store/rules';
import type { InputRequest, JsonObject } from '@mcp-tasks/wire';
import type {
  Elicited,
  ElicitQuestion,
  ParkedRun,
  Root,
  Sampled,
  TaskContext,
  UrlElicited,
  UrlQuestion,
} from '../api/task-context.ts';
import { THIS_COPY } from '../core/this-copy.ts';
import { fromJson, toJson } from '../tool/json.ts';
import { errorResult } from '../tool/outcome.ts';
import { toElicited, toUrlElicited } from '../tool/question-answer.ts';
import { elicitRequest, isUrlQuestion, urlRequest } from '../tool/question-form.ts';
import type { EffectWatch } from './effect-watch.ts';
import { type HandlerHost, throwIfEnded } from './handler-host.ts';
import type { QuestionKeys } from './question-keys.ts';
import { taskReports } from './reports.ts';
import { taskSteps } from './steps.ts';
import { taskVariables } from './variables.ts';

const PARKED = new WeakMap<object, string>();

/** The message of what {@link TaskContext.park} made; `undefined` for anything else that a handler returned. */
export function parkedMessage(value: unknown): string | undefined {
  return typeof value === 'object' && value !== null ? PARKED.get(value) : undefined;
}

type Questions = Pick<TaskContext, 'elicit' | 'roots' | 'sample'>;

/** Where a context keeps its host. A weak map from contexts to hosts costs a task 2 us in `bench/lifecycle`. */
const HOST = Symbol('host');

interface Hosted {
  readonly [HOST]: HandlerHost;
}

/** Find the run below a context. @throws {TypeError} it is none. @throws {TaskError} COPIES_MIXED */
export function hostOf(task: object): HandlerHost {
  if (HOST in task) return (task as Hosted)[HOST];
  checkCopy(task, THIS_COPY, 'The task context');
  throw new TypeError('The task context must be one that this package made.');
}

/** The prototype of contexts: a getter in their literal costs a task 7 us in `bench/lifecycle`. */
const WITH_SIGNAL: Pick<TaskContext, 'signal'> & { readonly [MADE_BY]: string } = {
  [MADE_BY]: THIS_COPY,
  get signal() {
    return hostOf(this).signal;
  },
};

/** The parts of a context beside its host. */
export interface ContextParts {
  readonly watch: EffectWatch;
  readonly keys: QuestionKeys;
  readonly answers: Readonly<Record<string, Elicited<unknown>>>;
}

/**
 * Make the context of a handler, on top of a run that stores or of an inline one.
 *
 * Methods are functions of their own, so that a handler may take them apart.
 */
export function handlerContext(host: HandlerHost, { watch, keys, answers }: ContextParts): TaskContext {
  const { progress, status } = taskReports(host, watch);
  const { get, set, merge, delete: remove, publish } = taskVariables(host, watch);
  const { step, sleep } = taskSteps(host, watch);
  const { elicit, roots, sample } = taskQuestions(host, watch, keys);
  const context: Omit<TaskContext, 'signal'> & Hosted & { readonly __proto__: typeof WITH_SIGNAL } = {
    __proto__: WITH_SIGNAL,
    [HOST]: host,
    id: host.taskId,
    owner: host.owner,
    caller: host.entries.call.caller,
    attempt: host.attempt,
    inline: host.inline,
    workflow: host.workflow,
    answers: answers as TaskContext['answers'],
    progress,
    status,
    get,
    set,
    merge,
    delete: remove,
    publish,
    step,
    sleep,
    elicit,
    roots,
    sample,
    fail: errorResult,
    park: (message) => park(host, message),
  };
  return context as Omit<TaskContext, 'signal'> as TaskContext;
}

function taskQuestions(host: HandlerHost, watch: EffectWatch, keys: QuestionKeys): Questions {
  const ask = (key: string, request: InputRequest) => {
    throwIfEnded(host);
    keys.use(host.taskId, key);
    return host.questions.ask(key, request);
  };
  const elicit = async (
    key: string,
    question: ElicitQuestion | UrlQuestion,
  ): Promise<Elicited<unknown> | UrlElicited> => {
    if (isUrlQuestion(question)) return toUrlElicited(await ask(key, urlRequest(key, question)));
    return toElicited(key, question.schema, await ask(key, elicitRequest(key, question)));
  };
  const roots = async (key: string): Promise<readonly Root[]> =>
    (await ask(key, { method: 'roots/list', params: {} }))['roots'] as unknown as readonly Root[]; // checked as it was answered
  const sample = async (key: string, params: JsonObject): Promise<Sampled> =>
    (await ask(key, sampleRequest(key, params))) as unknown as Sampled;
  return {
    elicit: ((key: string, question: ElicitQuestion | UrlQuestion) =>
      watch.effect({ method: 'elicit', names: [key] }, () => elicit(key, question))) as TaskContext['elicit'],
    roots: (key) => watch.effect({ method: 'roots', names: [key] }, () => roots(key)),
    sample: (key, params) => watch.effect({ method: 'sample', names: [key] }, () => sample(key, params)),
  };
}

/** @see 2025-11-25, Sampling, "Creating Messages" */
function sampleRequest(key: string, params: JsonObject): InputRequest {
  if (!Array.isArray(params['messages'])) throw new TypeError(`Question "${key}": messages must be an array.`);
  if (!Number.isSafeInteger(params['maxTokens']))
    throw new TypeError(`Question "${key}": maxTokens must be an integer.`);
  const text = toJson(params, `The params of question "${key}"`) ?? '{}';
  return { method: 'sampling/createMessage', params: fromJson(text) as JsonObject };
}

function park(host: HandlerHost, message: string): ParkedRun {
  throwIfEnded(host);
  if (!host.canPark) {
    const where = host.workflow === undefined ? undefined : 'it runs as a step of a workflow';
    const because = where ?? (host.inline ? 'it runs inline' : 'it is not registered with onCrash: "rerun"');
    throw new TaskError('RERUN_REQUIRED', `Tool "${host.tool.name}" cannot park: ${because}.`);
  }
  const parked = {};
  PARKED.set(parked, message);
  return parked as ParkedRun;
}
