import {
  type Clock,
  type TaskEntryKind,
  TaskError,
  type TaskLease,
  type TaskLimits,
  type TaskRecord,
} from '@mcp-tasks/store';
import { type Effects, newTaskId, type RecordRule } from '@mcp-tasks/store/rules';
import {
  type CallToolResult,
  type InputRequest,
  type InputResponse,
  type JsonObject,
  ProtocolFailure,
} from '@mcp-tasks/wire';
import type { InlineHost } from '../api/tasks.ts';
import type { TaskTool, ToolCall } from '../api/tool.ts';
import type { WorkflowStepInfo } from '../api/workflow-step.ts';
import { checkCall, type CheckedCall } from '../core/check-call.ts';
import type { TaskLayer } from '../core/task-layer.ts';
import { executeTool, type Execution } from '../handler/execute.ts';
import type { HandlerHost, Report } from '../handler/handler-host.ts';
import { abortAfter, RunEnd, type RunEndReason } from '../handler/run-end.ts';
import { RunEntries } from '../handler/task-entries.ts';
import { thrownOutcome, timedOutOutcome, type ToolOutcome, toolOutcome } from '../tool/outcome.ts';
import { storedCall } from '../tool/stored-call.ts';
import { authorizeRun } from './authorize-run.ts';
import { InlineQuestions } from './inline-questions.ts';
import { NO_SLOT } from './no-slot.ts';
import { privateHead, PrivateRecord } from './private-record.ts';
import { RunTime } from './run-time.ts';

/** What came of an inline run. */
export type InlineEnd = ToolOutcome & {
  /** The private record, if the handler made use of one. */
  readonly record?: TaskRecord | undefined;
};

/** Run a tool inside a request: the same handler and context, over a record that only this run sees. */
export async function runInline(layer: TaskLayer, call: ToolCall, host: InlineHost): Promise<InlineEnd> {
  const checked = await checkCall(layer, call);
  const run = new InlineRun(layer, checked, host);
  const execution = await run.go();
  if (execution.kind === 'parked') {
    throw new TaskError('RERUN_REQUIRED', `Tool "${checked.tool.name}" cannot park: it runs inline.`);
  }
  return { ...toolOutcome(execution, run.thrown), record: run.privateRecord };
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
  readonly limits: TaskLimits;
  readonly entries: RunEntries;
  readonly workflow: WorkflowStepInfo | undefined;
  readonly #host: InlineHost;
  #madeAbort: AbortController | undefined;
  #madeWaits: RunTime | undefined;
  #madeRecord: PrivateRecord | undefined;
  #madeQuestions: InlineQuestions | undefined;
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
    this.limits = layer.limits;
    this.entries = new RunEntries(storedCall(call));
    this.#endedEarly = new Promise((resolve, reject) => {
      this.#endEarly = (end) => {
        if (TaskError.is(end)) reject(end);
        else resolve(end);
      };
    });
  }

  get signal(): AbortSignal {
    return (this.#madeAbort ??= abortAfter(this.#ended)).signal;
  }

  get clock(): Clock {
    return this.layer.clock;
  }

  get lease(): TaskLease {
    return { taskId: this.taskId, attempt: this.attempt, holder: this.taskId };
  }

  /** The record of a handler that keeps one. */
  get privateRecord(): TaskRecord | undefined {
    return this.#madeRecord?.record;
  }

  /** What the handler threw, if it did. */
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
    try {
      return await Promise.race([this.#execute(), this.#endedEarly]);
    } finally {
      ended();
      signal.removeEventListener('abort', onAbort);
      cancelGrace?.();
      this.#madeWaits?.stop();
      this.#ended ??= this.#endOf('finished');
    }
  }

  /** Nothing is stored: the run's own copy is the record. */
  async record(change: Pick<Effects, 'put' | 'delete'>): Promise<void> {
    if (this.#ended !== undefined) throw this.#ended.error;
    this.#madeRecord?.change(change);
  }

  async amend<Value>(_kinds: readonly TaskEntryKind[], rule: RecordRule<Value>): Promise<Value> {
    if (this.#ended !== undefined) throw this.#ended.error;
    this.#madeRecord ??= new PrivateRecord(privateHead(this.lease, { owner: this.owner, handler: this.tool.name }), [
      { kind: 'call', name: '', value: JSON.stringify(this.entries.call) },
    ]);
    return this.#madeRecord.amend(rule, this.clock.nowMs());
  }

  authorizeStep(tool: string, args: JsonObject): Promise<void> | undefined {
    return authorizeRun(this.layer, this, { tool, arguments: args, via: 'step' });
  }

  openQuestion(key: string, request: InputRequest): Promise<InputResponse> {
    return this.ask(key, request);
  }

  report({ progress }: Report): void {
    if (progress === undefined) return;
    try {
      this.#host.progress?.(progress);
    } catch (error) {
      this.layer.reportError(error);
    }
  }

  ask(key: string, request: InputRequest): Promise<InputResponse> {
    this.#madeQuestions ??= new InlineQuestions(this, this.#host, this.#runTime);
    return this.#madeQuestions.ask(key, request);
  }

  /** Nobody else can run it: it has no lease. */
  caughtUp(): undefined {
    return undefined;
  }

  stepBegan(): () => void {
    return this.#runTime.stepBegan();
  }

  get #runTime(): RunTime {
    this.#madeWaits ??= new RunTime({
      clock: this.layer.clock,
      slot: NO_SLOT,
      signal: this.signal,
      parkAfterMs: undefined,
      timeoutMs: this.tool.options.timeoutMs,
      isWaiting: () => this.#madeQuestions?.areOpen === true,
      park: () => undefined,
      timeOut: () => {
        this.#end('timeout');
        this.#endEarly(timedOutOutcome(this.tool));
      },
    });
    return this.#madeWaits;
  }

  async #execute(): Promise<Execution> {
    try {
      if (this.#ended !== undefined) throw this.#ended.error;
      return await executeTool(this);
    } catch (thrown) {
      // Only the server knows how a client is told of these.
      const isEnd = this.#ended !== undefined && thrown === this.#ended.error;
      if (isEnd || TaskError.is(thrown, 'INPUT_UNSUPPORTED')) throw thrown;
      this.#thrown = thrown;
      return thrownOutcome(thrown);
    }
  }

  #endOf(reason: RunEndReason): RunEnd {
    return new RunEnd({ taskId: this.taskId, attempt: this.attempt, reason });
  }

  #end(reason: RunEndReason): TaskError {
    this.#ended ??= this.#endOf(reason);
    this.#madeAbort?.abort(this.#ended.error);
    return this.#ended.error;
  }
}
