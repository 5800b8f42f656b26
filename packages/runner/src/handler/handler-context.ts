import { TaskError } from '@mcp-tasks/store';
import type { CallToolResult, InputRequest, JsonObject, JsonValue } from '@mcp-tasks/wire';
import type { AuthorSchema, SchemaOutput } from '../api/schema.ts';
import type { Elicited, ElicitQuestion, ParkedRun, Sampled, TaskContext } from '../api/task-context.ts';
import { fromJson, toJson } from '../tool/json.ts';
import { errorResult } from '../tool/outcome.ts';
import { toElicited } from '../tool/question-answer.ts';
import { elicitRequest } from '../tool/question-form.ts';
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

type Questions = Pick<TaskContext, 'elicit' | 'sample'>;

/**
 * The context of a handler, on top of a run that stores or of an inline one.
 *
 * Methods are functions of their own, so that a handler may take them apart; those that go together are made together,
 * when one of them is looked at. A plain object with all of them was measured with `bench/lifecycle`: a task took 15 %
 * longer (ratio 0.70 instead of 0.83 for a bare 2025-11-25 client).
 */
export class HandlerContext implements TaskContext {
  readonly answers: TaskContext['answers'];
  readonly #host: HandlerHost;
  readonly #keys: QuestionKeys;
  readonly #watch: EffectWatch;
  #reports: ReturnType<typeof taskReports> | undefined;
  #variables: ReturnType<typeof taskVariables> | undefined;
  #steps: ReturnType<typeof taskSteps> | undefined;
  #questions: Questions | undefined;

  constructor(
    host: HandlerHost,
    watch: EffectWatch,
    keys: QuestionKeys,
    answers: Readonly<Record<string, Elicited<unknown>>>,
  ) {
    this.#host = host;
    this.#watch = watch;
    this.#keys = keys;
    this.answers = answers as TaskContext['answers'];
  }

  /** Find the run below a context. @throws {TypeError} it was not made here. */
  static hostOf(task: object): HandlerHost {
    if (#host in task) return task.#host;
    throw new TypeError('The task context must be one that this package made.');
  }

  get id(): string {
    return this.#host.taskId;
  }

  get owner(): string {
    return this.#host.owner;
  }

  get caller(): JsonValue | undefined {
    return this.#host.entries.call.caller;
  }

  get attempt(): number {
    return this.#host.attempt;
  }

  get workflow(): TaskContext['workflow'] {
    return this.#host.workflow;
  }

  get inline(): boolean {
    return this.#host.inline;
  }

  get signal(): AbortSignal {
    return this.#host.signal;
  }

  get progress(): TaskContext['progress'] {
    return (this.#reports ??= taskReports(this.#host, this.#watch)).progress;
  }

  get status(): TaskContext['status'] {
    return (this.#reports ??= taskReports(this.#host, this.#watch)).status;
  }

  get get(): TaskContext['get'] {
    return (this.#variables ??= taskVariables(this.#host, this.#watch)).get;
  }

  get set(): TaskContext['set'] {
    return (this.#variables ??= taskVariables(this.#host, this.#watch)).set;
  }

  get merge(): TaskContext['merge'] {
    return (this.#variables ??= taskVariables(this.#host, this.#watch)).merge;
  }

  get delete(): TaskContext['delete'] {
    return (this.#variables ??= taskVariables(this.#host, this.#watch)).delete;
  }

  get publish(): TaskContext['publish'] {
    return (this.#variables ??= taskVariables(this.#host, this.#watch)).publish;
  }

  get step(): TaskContext['step'] {
    return (this.#steps ??= taskSteps(this.#host, this.#watch)).step;
  }

  get elicit(): TaskContext['elicit'] {
    return (this.#questions ??= taskQuestions(this.#host, this.#watch, this.#keys)).elicit;
  }

  get sample(): TaskContext['sample'] {
    return (this.#questions ??= taskQuestions(this.#host, this.#watch, this.#keys)).sample;
  }

  get fail(): (text: string) => CallToolResult {
    return errorResult;
  }

  get park(): TaskContext['park'] {
    return (message) => park(this.#host, message);
  }
}

function taskQuestions(host: HandlerHost, watch: EffectWatch, keys: QuestionKeys): Questions {
  const ask = (key: string, request: InputRequest) => {
    throwIfEnded(host);
    keys.use(host.taskId, key);
    return host.questions.ask(key, request);
  };
  const elicit = async <Schema extends AuthorSchema>(
    key: string,
    question: ElicitQuestion<Schema>,
  ): Promise<Elicited<SchemaOutput<Schema>>> =>
    toElicited(key, question.schema, await ask(key, elicitRequest(key, question)));
  const sample = async (key: string, params: JsonObject): Promise<Sampled> =>
    (await ask(key, sampleRequest(key, params))) as unknown as Sampled;
  return {
    elicit: (key, question) => watch.effect({ method: 'elicit', names: [key] }, () => elicit(key, question)),
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
