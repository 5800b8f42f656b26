import { cutUtf8, TaskError } from '@mcp-tasks/store';
import type { InputRequest, JsonObject } from '@mcp-tasks/wire';
import { toElicited } from './elicited.ts';
import { fromJson, toJson } from './json.ts';
import { errorResult } from './outcome.ts';
import { elicitRequest } from './questions.ts';
import { throwIfEnded } from './run-host.ts';
import type { RunHost } from './run-host.ts';
import type { QuestionKeys } from './run-questions.ts';
import type { AuthorSchema, SchemaOutput } from './schema.ts';
import { taskSteps } from './steps.ts';
import type { Elicited, ElicitQuestion, ParkedRun, Sampled, TaskContext } from './task-context.ts';
import { taskVariables } from './variables.ts';
import { handled } from './write-queue.ts';

const PARKED = new WeakMap<object, string>();

/** The message of what {@link TaskContext.park} made; `undefined` for anything else that a handler returned. */
export function parkedMessage(value: unknown): string | undefined {
  return typeof value === 'object' && value !== null ? PARKED.get(value) : undefined;
}

/** What a handler gets, on top of a run that stores or of an inline one. */
export function taskContext(
  host: RunHost,
  keys: QuestionKeys,
  answers: Readonly<Record<string, Elicited<unknown>>>,
): TaskContext {
  return {
    id: host.taskId,
    owner: host.owner,
    caller: host.entries.call.caller,
    attempt: host.attempt,
    inline: host.inline,
    get signal() {
      return host.signal;
    },
    answers: answers as TaskContext['answers'],
    ...reports(host),
    ...taskVariables(host),
    ...questions(host, keys),
    ...taskSteps(host),
    fail: errorResult,
    park: (message) => park(host, message),
  };
}

function reports(host: RunHost): Pick<TaskContext, 'progress' | 'status'> {
  const cut = (message: string) => cutUtf8(message, host.limits.maxStatusMessageBytes);
  let latest = host.progressDone;
  return {
    progress(done, total, message) {
      throwIfEnded(host);
      // Reports that do not grow are dropped: the protocol wants progress to increase.
      if (!Number.isFinite(done) || done <= latest) return;
      latest = done;
      const shown = message === undefined ? {} : { message: cut(message) };
      const progress = { done, ...(Number.isFinite(total) && { total }), ...shown };
      host.report({ progress, ...(message !== undefined && { statusMessage: cut(message) }) });
    },
    status(message) {
      throwIfEnded(host);
      host.report({ statusMessage: cut(message) });
    },
  };
}

function questions(host: RunHost, keys: QuestionKeys): Pick<TaskContext, 'elicit' | 'sample'> {
  const ask = (key: string, request: InputRequest) => {
    throwIfEnded(host);
    keys.use(host.taskId, key);
    return host.ask(key, request);
  };
  const elicit = async <Schema extends AuthorSchema>(
    key: string,
    question: ElicitQuestion<Schema>,
  ): Promise<Elicited<SchemaOutput<Schema>>> =>
    toElicited(key, question.schema, await ask(key, elicitRequest(key, question)));
  const sample = async (key: string, params: JsonObject): Promise<Sampled> =>
    (await ask(key, sampleRequest(key, params))) as unknown as Sampled;
  return {
    elicit: (key, question) => handled(elicit(key, question)),
    sample: (key, params) => handled(sample(key, params)),
  };
}

/** @see 2025-11-25, Sampling, "Creating Messages" */
function sampleRequest(key: string, params: JsonObject): InputRequest {
  if (!Array.isArray(params['messages'])) throw new TypeError(`question "${key}": messages must be an array`);
  if (!Number.isSafeInteger(params['maxTokens']))
    throw new TypeError(`question "${key}": maxTokens must be an integer`);
  const text = toJson(params, `the params of question "${key}"`) ?? '{}';
  return { method: 'sampling/createMessage', params: fromJson(text) as JsonObject };
}

function park(host: RunHost, message: string): ParkedRun {
  throwIfEnded(host);
  if (host.inline || host.tool.options.onCrash !== 'rerun') {
    const because = host.inline ? 'it runs inline' : "it is not registered with onCrash: 'rerun'";
    throw new TaskError('RERUN_REQUIRED', `Tool ${host.tool.name} cannot park: ${because}.`);
  }
  const parked = {};
  PARKED.set(parked, message);
  return parked as ParkedRun;
}
