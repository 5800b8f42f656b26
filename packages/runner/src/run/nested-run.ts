import type { TaskEntryKey, TaskLease } from '@mcp-tasks/store';
import type { InputRequest, InputResponse, JsonObject } from '@mcp-tasks/wire';
import type { TaskTool } from '../api/tool.ts';
import type { WorkflowStepInfo } from '../api/workflow-step.ts';
import { executeTool, type Execution } from '../handler/execute.ts';
import type { EntryChange, HandlerEffects, HandlerHost, HandlerQuestions, Report } from '../handler/handler-host.ts';
import { RunEnd, RunSignal } from '../handler/run-end.ts';
import type { RunEntries } from '../handler/task-entries.ts';
import { timedOutOutcome } from '../tool/outcome.ts';
import { NO_SLOT } from './no-slot.ts';
import { RunTime } from './run-time.ts';

/** A tool that a run calls. */
export interface NestedCall {
  readonly tool: TaskTool;
  readonly arguments: JsonObject;
  /** Stands before the names of all that the tool stores and asks. */
  readonly prefix: string;
  /** The call ends as `isError` after this long; waiting at a question does not count. */
  readonly timeoutMs: number;
  readonly workflow: WorkflowStepInfo;
}

/** A tool's handler inside another run: in its slot, under its lease, with names of its own. */
export class NestedRun implements HandlerHost {
  readonly canPark = false;
  readonly parsedArguments = undefined;
  readonly progressDone = -Infinity;
  readonly tool: TaskTool;
  readonly workflow: WorkflowStepInfo;
  readonly entries: RunEntries;
  readonly effects: HandlerEffects;
  readonly questions: HandlerQuestions;
  readonly #outer: HandlerHost;
  readonly #prefix: string;
  readonly #timeoutMs: number;
  readonly #signal = new RunSignal(() => this.#ended);
  readonly #runTime: RunTime;
  /** Questions and sleeps that go on. */
  #waits = 0;
  #ended: RunEnd | undefined;
  #timeOut: (execution: Execution) => void = () => undefined;

  constructor(outer: HandlerHost, call: NestedCall) {
    this.#outer = outer;
    this.tool = call.tool;
    this.workflow = call.workflow;
    this.entries = outer.entries.within(call.prefix, call.arguments);
    this.#prefix = call.prefix;
    this.#timeoutMs = call.timeoutMs;
    this.effects = {
      record: (change) => this.#record(change),
      report: (report) => {
        this.#report(report);
      },
    };
    this.questions = { ask: (key, request) => this.#ask(key, request), open: () => this.amend() };
    this.#runTime = new RunTime({
      clock: outer.layer.clock,
      slot: NO_SLOT,
      signal: this.#signal,
      parkAfterMs: undefined,
      timeoutMs: call.timeoutMs,
      isWaiting: () => this.#waits > 0,
      park: () => undefined,
      timeOut: () => {
        this.#end(this.#endOf('timeout'));
        this.#timeOut(timedOutOutcome(this.tool, this.#timeoutMs));
      },
    });
  }

  get layer(): HandlerHost['layer'] {
    return this.#outer.layer;
  }

  get taskId(): string {
    return this.#outer.taskId;
  }

  get owner(): string {
    return this.#outer.owner;
  }

  get attempt(): number {
    return this.workflow.attempt;
  }

  get inline(): boolean {
    return this.#outer.inline;
  }

  get lease(): TaskLease {
    return this.#outer.lease;
  }

  get signal(): AbortSignal {
    return this.#signal.signal;
  }

  get ended(): RunEnd | undefined {
    return this.#ended ?? this.#outer.ended;
  }

  /** Run the handler, until it returns, throws, takes too long, or the outer run ends. */
  async go(): Promise<Execution> {
    const { signal } = this.#outer;
    const onAbort = () => {
      this.#end(this.#outer.ended ?? this.#endOf('finished'));
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    this.#runTime.start();
    const timedOut = new Promise<Execution>((resolve) => {
      this.#timeOut = resolve;
    });
    const ended = this.layer.loopWatch.began(this.tool.name);
    try {
      return await Promise.race([executeTool(this), timedOut]);
    } finally {
      ended();
      signal.removeEventListener('abort', onAbort);
      this.#runTime.stop();
      // All that the handler still does comes after its end.
      this.#ended ??= this.#endOf('finished');
    }
  }

  caughtUp(): Promise<void> | undefined {
    return this.#outer.caughtUp();
  }

  get expiresAtMs(): number | undefined {
    return this.#outer.expiresAtMs;
  }

  /** The time of this call stands still meanwhile, and the outer run waits. */
  async sleepUntil(wakeAtMs: number): Promise<void> {
    this.#waitBegan();
    try {
      await this.#outer.sleepUntil(wakeAtMs);
      if (this.ended !== undefined) throw this.ended.error;
    } finally {
      await this.#waitEnded();
    }
  }

  stepBegan(): () => void {
    return this.#outer.stepBegan();
  }

  amend(): never {
    throw new TypeError('A tool that another run calls has no record of its own.');
  }

  authorizeStep(): never {
    return this.amend();
  }

  async #record(change: EntryChange): Promise<void> {
    if (this.ended !== undefined) throw this.ended.error;
    const named = <Key extends TaskEntryKey>(key: Key): Key => ({ ...key, name: this.#prefix + key.name });
    await this.#outer.effects.record({ put: change.put?.map(named), delete: change.delete?.map(named) });
  }

  /** The run's progress is that of all its steps: of one step only the message is shown. */
  #report({ statusMessage }: Report): void {
    if (statusMessage !== undefined && this.ended === undefined) this.#outer.effects.report({ statusMessage });
  }

  async #ask(key: string, request: InputRequest): Promise<InputResponse> {
    this.#waitBegan();
    try {
      const response = await this.#outer.questions.ask(this.#prefix + key, request);
      if (this.ended !== undefined) throw this.ended.error;
      return response;
    } finally {
      await this.#waitEnded();
    }
  }

  #waitBegan(): void {
    this.#waits++;
    if (this.#waits === 1) this.#runTime.began();
  }

  async #waitEnded(): Promise<void> {
    this.#waits--;
    if (this.#waits === 0) await this.#runTime.ended();
  }

  #endOf(reason: 'timeout' | 'finished'): RunEnd {
    return new RunEnd({ taskId: this.taskId, attempt: this.attempt, reason });
  }

  #end(end: RunEnd): void {
    this.#ended ??= end;
    this.#runTime.stop();
    this.#signal.abort(end);
  }
}
