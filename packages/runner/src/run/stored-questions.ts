import type { TaskError } from '@mcp-tasks/store';
import { rules } from '@mcp-tasks/store/rules';
import type { InputRequest, InputResponse } from '@mcp-tasks/wire';
import { type TaskLayer, tell } from '../core/task-layer.ts';
import type { Timers } from '../core/timers.ts';
import { handled } from '../handler/handled.ts';
import { type HandlerQuestions, throwIfEnded } from '../handler/handler-host.ts';
import { checkSupported } from '../handler/question-keys.ts';
import type { RunEnd } from '../handler/run-end.ts';
import type { RunEntries } from '../handler/task-entries.ts';
import { acceptedResponse } from '../tool/question-answer.ts';
import { readAnswers } from '../tool/stored-call.ts';
import { type LeaseWriter, STORE_RETRY_MS } from '../write/lease-writer.ts';
import type { WriteQueue } from '../write/write-queue.ts';
import type { RunTime } from './run-time.ts';

/** The run below its questions. */
export interface RunQuestionsOptions {
  readonly layer: TaskLayer;
  readonly entries: RunEntries;
  readonly queue: WriteQueue;
  readonly writer: LeaseWriter;
  readonly runTime: RunTime;
  readonly timers: Timers;
}

interface Waiting {
  resolve(response: InputResponse): void;
  reject(error: TaskError): void;
}

/** The questions of one run that stores: asked once per task, answered by any process. */
export class RunQuestions implements HandlerQuestions {
  readonly #options: RunQuestionsOptions;
  readonly #waiting = new Map<string, Waiting>();
  #isReading = false;

  constructor(options: RunQuestionsOptions) {
    this.#options = options;
  }

  /** Keys at which the run waits. */
  get awaited(): readonly string[] {
    return [...this.#waiting.keys()];
  }

  /**
   * Store the question unless it is stored already, and wait for its answer.
   *
   * @throws {TaskError} INPUT_REFUSED
   */
  async ask(key: string, request: InputRequest): Promise<InputResponse> {
    return (await this.open(key, request)) ?? this.#wait(key);
  }

  /** Store the question unless it is stored already; its answer if there is one. @throws {TaskError} INPUT_REFUSED */
  async open(key: string, request: InputRequest): Promise<InputResponse | undefined> {
    const { layer, entries, queue, writer } = this.#options;
    if (!entries.answers.has(key) && writer.wasClosed(key)) await this.#fetch();
    const stored = entries.answers.get(key);
    if (stored !== undefined) return acceptedResponse(key, stored);
    checkSupported(key, request, entries.call.inputCapabilities);
    if (!queue.head.openQuestions.includes(key)) {
      const { head, wrote } = await queue.apply(rules.ask(writer.lease, key, request, layer.limits));
      if (wrote) tell(layer, head, entries.call.trace, { type: 'question-asked', key });
    }
    return undefined;
  }

  /** Fetch answers when the present head says that an awaited question was closed. */
  look(): void {
    const { openQuestions } = this.#options.queue.head;
    if (this.#isReading || this.awaited.every((key) => openQuestions.includes(key))) return;
    this.#isReading = true;
    this.#fetch().catch((error: unknown) => {
      this.#options.layer.reportError(error);
      this.#options.timers.after(STORE_RETRY_MS, () => {
        this.look();
      });
    });
  }

  /** Reject every question that is awaited: the run has ended. */
  end(end: RunEnd): void {
    for (const waiting of this.#waiting.values()) waiting.reject(end.error);
    this.#waiting.clear();
  }

  async #fetch(): Promise<void> {
    try {
      const record = await this.#options.writer.read(['answer']);
      if (record !== undefined) this.#resolve(readAnswers(record.entries));
    } finally {
      this.#isReading = false;
    }
  }

  #resolve(answers: ReadonlyMap<string, InputResponse>): void {
    for (const [key, response] of answers) {
      this.#options.entries.answers.set(key, response);
      const waiting = this.#waiting.get(key);
      this.#waiting.delete(key);
      waiting?.resolve(response);
    }
  }

  async #wait(key: string): Promise<InputResponse> {
    const { queue, runTime } = this.#options;
    throwIfEnded(queue);
    const answered = handled(
      new Promise<InputResponse>((resolve, reject) => {
        this.#waiting.set(key, { resolve, reject });
      }),
    );
    if (this.#waiting.size === 1) runTime.began();
    // The answer may have come before the wait began.
    this.look();
    const response = await answered;
    if (this.#waiting.size > 0) runTime.goesOn();
    else await runTime.ended();
    return acceptedResponse(key, response);
  }
}
