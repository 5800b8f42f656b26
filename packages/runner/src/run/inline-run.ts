/**
 * One run of a tool inside a client's request, for clients without tasks. The handler meets the same context as in a
 * stored run, over a private record in memory: nothing is stored, listed or counted, and the request's end aborts the
 * run.
 */
import { type TaskEntryKind, TaskError, type TaskLease, type TaskRecord } from '@mcp-tasks/store';
import { newTaskId, type RecordRule } from '@mcp-tasks/store/rules';
import { type CallToolResult, type JsonObject, ProtocolFailure } from '@mcp-tasks/wire';
import type { InlineHost } from '../api/tasks.ts';
import type { TaskTool, ToolCall } from '../api/tool.ts';
import type { WorkflowStepInfo } from '../api/workflow-step.ts';
import { checkCall, type CheckedCall } from '../core/check-call.ts';
import { isCommonOwner } from '../core/shares.ts';
import type { TaskLayer } from '../core/task-layer.ts';
import { executeTool, type Execution } from '../handler/execute.ts';
import type { EntryChange, HandlerEffects, HandlerHost, Report } from '../handler/handler-host.ts';
import { RunEnd, type RunEndReason, RunSignal } from '../handler/run-end.ts';
import { RunEntries } from '../handler/task-entries.ts';
import { refusedOutcome, thrownOutcome, timedOutOutcome, type ToolOutcome, toolOutcome } from '../tool/outcome.ts';
import { storedCall } from '../tool/stored-call.ts';
import { authorizeAgain } from './authorize-again.ts';
import { authorizeRun } from './authorize-run.ts';
import { InlineQuestions } from './inline-questions.ts';
import { NO_SLOT } from './no-slot.ts';
import { privateHead, PrivateRecord } from './private-record.ts';
import { RunTime } from './run-time.ts';

/** The end of an inline run. */
export type InlineEnd = ToolOutcome & {
  /** The private record, if the handler made use of one. */
  readonly record?: TaskRecord | undefined;
};

/** Run a tool inside a request: the same handler and context, over a record that only this run sees. */
export async function runInline(layer: TaskLayer, call: ToolCall, host: InlineHost): Promise<InlineEnd> {
  const { owner, tool, trace } = call;
  const begun = layer.shares.beginInlineRun({ owner, tool, trace, isCommon: isCommonOwner(call) }, host.signal);
  const leave = begun instanceof Promise ? await begun.catch(gaveUp) : begun;
  try {
    const checked = await checkCall(layer, call);
    const run = new InlineRun(layer, checked, host);
    const execution = await run.go();
    if (execution.kind === 'parked') {
      throw new TaskError('RERUN_REQUIRED', `Tool "${checked.tool.name}" cannot park: it runs inline.`);
    }
    return { ...toolOutcome(execution, run.thrown), record: run.privateRecord };
  } finally {
    leave();
  }
}

function gaveUp(cause: unknown): never {
  throw new TaskError('RUN_ENDED', 'The request was aborted before its turn came.', { cause });
}

/** The result of an inline run. @throws {ProtocolFailure} it ended with a JSON-RPC error */
export function inlineResult(outcome: InlineEnd): CallToolResult {
  if (outcome.kind === 'result') return outcome.result;
  const { code, message, data } = outcome.error;
  throw new ProtocolFailure(code, message, data);
}

class InlineRun implements HandlerHost {
  readonly taskId = newTaskId();
  readonly attempt = 1;
  readonly inline = true;
  readonly canPark = false;
  readonly progressDone = -Infinity;
  readonly parsedArguments: unknown;
  readonly layer: TaskLayer;
  readonly owner: string;
  readonly tool: TaskTool;
  readonly entries: RunEntries;
  readonly workflow: WorkflowStepInfo | undefined;
  readonly effects: HandlerEffects;
  readonly questions: InlineQuestions;
  readonly #host: InlineHost;
  readonly #signal = new RunSignal(() => this.#ended);
  readonly #runTime: RunTime;
  /** Of a handler that keeps a record. */
  #record: PrivateRecord | undefined;
  #ended: RunEnd | undefined;
  #thrown: unknown;
  #endEarly!: (end: Execution | TaskError) => void;
  readonly #endedEarly: Promise<Execution>;

  constructor(layer: TaskLayer, { call, tool, parsed }: CheckedCall, host: InlineHost) {
    this.parsedArguments = parsed;
    this.layer = layer;
    this.#host = host;
    this.owner = call.owner;
    this.workflow = call.workflow;
    this.tool = tool;
    this.entries = new RunEntries(storedCall(call));
    this.#runTime = this.#makeRunTime();
    this.questions = new InlineQuestions(this, host, this.#runTime);
    this.effects = {
      record: (change) => this.#store(change),
      report: (report) => {
        this.#show(report);
      },
    };
    this.#endedEarly = new Promise((resolve, reject) => {
      this.#endEarly = (end) => {
        if (TaskError.is(end)) reject(end);
        else resolve(end);
      };
    });
  }

  get signal(): AbortSignal {
    return this.#signal.signal;
  }

  get lease(): TaskLease {
    return { taskId: this.taskId, attempt: this.attempt, holder: this.taskId };
  }

  /** The record of a handler that keeps one. */
  get privateRecord(): TaskRecord | undefined {
    return this.#record?.record;
  }

  /** The value that the handler threw, if it did. */
  get thrown(): unknown {
    return this.#thrown;
  }

  get ended(): RunEnd | undefined {
    return this.#ended;
  }

  async go(): Promise<Execution> {
    const { signal } = this.#host;
    let cancelGrace: (() => void) | undefined;
    const onAbort = () => {
      const error = this.#end('request-aborted');
      cancelGrace = this.layer.clock.after(this.layer.settings.graceMs, () => {
        this.#endEarly(error);
      });
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    if (this.tool.options.timeoutMs !== undefined) this.#runTime.start();
    const ended = this.layer.loopWatch.began(this.tool.name);
    const stopAsking = authorizeAgain(this.layer, this, (thrown) => {
      this.#end('cancelled');
      this.#endEarly(refusedOutcome(this.tool, thrown));
    });
    try {
      return await Promise.race([this.#execute(), this.#endedEarly]);
    } finally {
      ended();
      stopAsking();
      signal.removeEventListener('abort', onAbort);
      cancelGrace?.();
      this.#runTime.stop();
      this.#ended ??= this.#endOf('finished');
    }
  }

  async amend<Value>(_kinds: readonly TaskEntryKind[], rule: RecordRule<Value>): Promise<Value> {
    if (this.#ended !== undefined) throw this.#ended.error;
    this.#record ??= new PrivateRecord(privateHead(this.lease, { owner: this.owner, handler: this.tool.name }), [
      { kind: 'call', name: '', value: JSON.stringify(this.entries.call) },
    ]);
    return this.#record.amend(rule, this.layer.clock.nowMs());
  }

  authorizeStep(tool: string, args: JsonObject): Promise<void> | undefined {
    return authorizeRun(this.layer, this, { tool, arguments: args, via: 'step' });
  }

  /** No other process can run it: it has no lease. */
  caughtUp(): undefined {
    return undefined;
  }

  /** Nothing expires: the record lasts as long as its run. */
  get expiresAtMs(): undefined {
    return undefined;
  }

  sleepUntil(wakeAtMs: number): Promise<void> {
    return this.#runTime.sleepUntil(wakeAtMs);
  }

  stepBegan(): () => void {
    return this.#runTime.stepBegan();
  }

  /** Nothing is stored: the run's own copy is the record. */
  async #store(change: EntryChange): Promise<void> {
    if (this.#ended !== undefined) throw this.#ended.error;
    this.#record?.change(change);
  }

  #show({ progress }: Report): void {
    if (progress === undefined) return;
    try {
      this.#host.progress?.(progress);
    } catch (error) {
      this.layer.reportError(error);
    }
  }

  #makeRunTime(): RunTime {
    return new RunTime({
      clock: this.layer.clock,
      slot: NO_SLOT,
      signal: this.#signal,
      parkAfterMs: undefined,
      timeoutMs: this.tool.options.timeoutMs,
      isWaiting: () => this.questions.areOpen,
      park: () => undefined,
      timeOut: () => {
        this.#end('timeout');
        this.#endEarly(timedOutOutcome(this.tool));
      },
    });
  }

  async #execute(): Promise<Execution> {
    try {
      if (this.#ended !== undefined) throw this.#ended.error;
      return await executeTool(this);
    } catch (thrown) {
      // Only the server knows how a client is told of these.
      const isEnd = this.#ended !== undefined && thrown === this.#ended.error;
      if (isEnd) throw thrown;
      if (TaskError.is(thrown, 'INPUT_UNSUPPORTED')) throw this.questions.unsupportedError(thrown);
      this.#thrown = thrown;
      return thrownOutcome(thrown);
    }
  }

  #endOf(reason: RunEndReason): RunEnd {
    return new RunEnd({ taskId: this.taskId, attempt: this.attempt, reason });
  }

  #end(reason: RunEndReason): TaskError {
    this.#ended ??= this.#endOf(reason);
    this.#signal.abort(this.#ended);
    return this.#ended.error;
  }
}
