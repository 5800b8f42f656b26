import type { TaskError, TaskLease, TaskLimits, TaskRecord } from '@mcp-tasks/store';
import { rules } from '@mcp-tasks/store/rules';
import type { InputRequest, InputResponse } from '@mcp-tasks/wire';
import { handled } from '../handler/handled.ts';
import { checkSupported } from '../handler/question-keys.ts';
import type { RunEnd } from '../handler/run-end.ts';
import type { RunEntries } from '../handler/task-entries.ts';
import { readAnswers } from '../tool/stored-call.ts';
import type { WriteQueue } from '../write/write-queue.ts';
import type { RunTime } from './run-time.ts';

/** What the questions of a run need of it. */
export interface StoredQuestionsHost {
  readonly lease: TaskLease;
  readonly limits: TaskLimits;
  readonly queue: WriteQueue;
  readonly entries: RunEntries;
  readonly runTime: RunTime;
  /** The task with its answers. */
  read(): Promise<TaskRecord | undefined>;
  /** Whether somebody else closed this question since the run began: its answer is to be read. */
  wasClosed(key: string): boolean;
  asked(key: string): void;
  /** The answers could not be read. */
  failed(error: unknown, retry: () => void): void;
}

interface Waiting {
  resolve(response: InputResponse): void;
  reject(error: TaskError): void;
}

/** The questions of one run that stores: asked once per task, answered by any process. */
export class RunQuestions {
  readonly #host: StoredQuestionsHost;
  readonly #waiting = new Map<string, Waiting>();
  #end: RunEnd | undefined;
  #isReading = false;

  constructor(host: StoredQuestionsHost) {
    this.#host = host;
  }

  /** Keys at which the run waits. */
  get awaited(): readonly string[] {
    return [...this.#waiting.keys()];
  }

  /** Store the question unless it is stored already, and wait for its answer. */
  async ask(key: string, request: InputRequest): Promise<InputResponse> {
    return (await this.open(key, request)) ?? this.#wait(key);
  }

  /** Store the question unless it is stored already; its answer if there is one. */
  async open(key: string, request: InputRequest): Promise<InputResponse | undefined> {
    const { entries, queue, lease, limits } = this.#host;
    if (!entries.answers.has(key) && this.#host.wasClosed(key)) await this.#fetch();
    const stored = entries.answers.get(key);
    if (stored !== undefined) return stored;
    checkSupported(key, request, entries.call.inputCapabilities);
    if (!queue.head.openQuestions.includes(key)) {
      const { wrote } = await queue.apply(rules.ask(lease, key, request, limits));
      if (wrote) this.#host.asked(key);
    }
    return undefined;
  }

  /** Fetch answers when the present head says that an awaited question was closed. */
  look(): void {
    const { openQuestions } = this.#host.queue.head;
    if (this.#isReading || this.awaited.every((key) => openQuestions.includes(key))) return;
    this.#isReading = true;
    this.#fetch().catch((error: unknown) => {
      this.#host.failed(error, () => {
        this.look();
      });
    });
  }

  end(end: RunEnd): void {
    this.#end ??= end;
    for (const waiting of this.#waiting.values()) waiting.reject(end.error);
    this.#waiting.clear();
  }

  async #fetch(): Promise<void> {
    try {
      const record = await this.#host.read();
      if (record !== undefined) this.#resolve(readAnswers(record.entries));
    } finally {
      this.#isReading = false;
    }
  }

  #resolve(answers: ReadonlyMap<string, InputResponse>): void {
    for (const [key, response] of answers) {
      this.#host.entries.answers.set(key, response);
      const waiting = this.#waiting.get(key);
      this.#waiting.delete(key);
      waiting?.resolve(response);
    }
  }

  async #wait(key: string): Promise<InputResponse> {
    if (this.#end !== undefined) throw this.#end.error;
    const answered = handled(
      new Promise<InputResponse>((resolve, reject) => {
        this.#waiting.set(key, { resolve, reject });
      }),
    );
    if (this.#waiting.size === 1) this.#host.runTime.began();
    // The answer may have come before the wait began.
    this.look();
    const response = await answered;
    if (this.#waiting.size > 0) this.#host.runTime.goesOn();
    else await this.#host.runTime.ended();
    return response;
  }
}
