import { TaskError } from '@mcp-tasks/store';
import type { InputRequest, InputResponse } from '@mcp-tasks/wire';
import type { InlineHost } from '../api/tasks.ts';
import type { HandlerHost, HandlerQuestions } from '../handler/handler-host.ts';
import { unsupported, unsupportedReason } from '../handler/question-keys.ts';
import { answerInvalid } from '../tool/question-answer.ts';
import { checkResponse } from '../tool/question-form.ts';
import type { RunTime } from './run-time.ts';

const NO_STREAM = 'the tool runs inside a request that no question can be sent on';

/** The questions of one run inside a request: put to its client at once, and stored nowhere. */
export class InlineQuestions implements HandlerQuestions {
  readonly #run: HandlerHost;
  readonly #host: InlineHost;
  readonly #runTime: RunTime;
  /** The questions that could not be asked, in the order in which the handler asked them. */
  readonly #unsupported: TaskError[] = [];
  #openCount = 0;

  constructor(run: HandlerHost, host: InlineHost, runTime: RunTime) {
    this.#run = run;
    this.#host = host;
    this.#runTime = runTime;
  }

  get areOpen(): boolean {
    return this.#openCount > 0;
  }

  /**
   * The error of a run that ended since a question could not be asked. Its details name all such `questions`: the
   * handler may have asked several at once.
   */
  unsupportedError(cause: TaskError): TaskError {
    const questions = this.#unsupported.map(({ details }) => details);
    return new TaskError(cause.code, cause.message, { details: { ...cause.details, questions }, cause });
  }

  /** There is nowhere to keep a question: it waits. */
  open(key: string, request: InputRequest): Promise<InputResponse> {
    return this.ask(key, request);
  }

  async ask(key: string, request: InputRequest): Promise<InputResponse> {
    const { entries, signal } = this.#run;
    const { limits } = this.#run.layer;
    const reason = unsupportedReason(request, entries.call.inputCapabilities);
    if (reason !== undefined || this.#host.ask === undefined) {
      const error = unsupported(key, request, reason ?? NO_STREAM);
      this.#unsupported.push(error);
      throw error;
    }
    if (this.#openCount >= limits.maxOpenQuestions) throw questionLimit(limits.maxOpenQuestions);
    this.#openCount++;
    if (this.#openCount === 1) this.#runTime.began();
    try {
      const response = await this.#host.ask(key, request, signal);
      if (this.#run.ended !== undefined) throw this.#run.ended.error;
      const problem = checkResponse(request, response);
      if (problem !== undefined) throw answerInvalid(key, problem);
      return response;
    } finally {
      this.#openCount--;
      if (this.#openCount === 0) await this.#runTime.ended();
    }
  }
}

function questionLimit(maxOpenQuestions: number): TaskError {
  return new TaskError(
    'QUESTION_LIMIT',
    `The run has ${maxOpenQuestions} open questions, which is the limit: wait for an answer before asking more.`,
    {
      details: { maxOpenQuestions },
    },
  );
}
