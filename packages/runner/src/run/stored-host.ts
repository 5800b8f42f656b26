import type { TaskEntryKind } from '@mcp-tasks/store';
import type { RecordRule } from '@mcp-tasks/store/rules';
import { isTerminalStatus, type JsonObject } from '@mcp-tasks/wire';
import { type TaskLayer, tell } from '../core/task-layer.ts';
import type { HandlerHost } from '../handler/handler-host.ts';
import type { RunSignal } from '../handler/run-end.ts';
import { guardedRule } from '../write/guarded-rule.ts';
import type { WriteQueue } from '../write/write-queue.ts';
import { authorizeRun } from './authorize-run.ts';
import type { RunStart } from './begin-run.ts';
import { mayRerun } from './finish-run.ts';
import type { RunTime } from './run-time.ts';
import type { RunQuestions } from './stored-questions.ts';

/** The parts of a run that its handler reaches. */
export interface StoredHostParts {
  readonly queue: WriteQueue;
  readonly questions: RunQuestions;
  readonly runTime: RunTime;
  readonly signal: RunSignal;
  /** End the run when its lease is over: a process that stood still must begin nothing. */
  checkLease(): void;
}

/**
 * The run that stores, as its handler sees it. A class: an object literal with getters costs a task 7 us in
 * `bench/lifecycle`, since it makes each of them anew.
 */
export class StoredHost implements HandlerHost {
  readonly layer: TaskLayer;
  readonly workflow = undefined;
  readonly inline = false;
  readonly effects: WriteQueue;
  readonly questions: RunQuestions;
  readonly #start: RunStart;
  readonly #parts: StoredHostParts;

  constructor(layer: TaskLayer, start: RunStart, parts: StoredHostParts) {
    this.layer = layer;
    this.effects = parts.queue;
    this.questions = parts.questions;
    this.#start = start;
    this.#parts = parts;
  }

  get tool(): RunStart['tool'] {
    return this.#start.tool;
  }

  get lease(): RunStart['lease'] {
    return this.#start.lease;
  }

  get taskId(): string {
    return this.#start.lease.taskId;
  }

  get attempt(): number {
    return this.#start.lease.attempt;
  }

  get owner(): string {
    return this.#start.head.owner;
  }

  get canPark(): boolean {
    return mayRerun(this.#start.tool);
  }

  get entries(): RunStart['entries'] {
    return this.#start.entries;
  }

  get parsedArguments(): unknown {
    return this.#start.parsedArguments;
  }

  get progressDone(): number {
    return this.#start.head.progress?.done ?? -Infinity;
  }

  get signal(): AbortSignal {
    return this.#parts.signal.signal;
  }

  get ended(): HandlerHost['ended'] {
    return this.#parts.queue.ended;
  }

  async amend<Value>(kinds: readonly TaskEntryKind[], rule: RecordRule<Value>): Promise<Value> {
    const { head, value, wrote } = await this.#parts.queue.amend(kinds, guardedRule(rule));
    if (wrote && isTerminalStatus(head.status)) {
      const isError = head.resultError !== undefined;
      tell(this.layer, head, this.entries.call.trace, { type: 'settled', status: head.status, isError });
    }
    return value();
  }

  authorizeStep(tool: string, args: JsonObject): Promise<void> | undefined {
    return authorizeRun(this.layer, this, { tool, arguments: args, via: 'step', taskId: this.taskId });
  }

  caughtUp(): Promise<void> | undefined {
    this.#parts.checkLease();
    return this.layer.caughtUp(this.signal);
  }

  get expiresAtMs(): number {
    return this.#parts.queue.head.expiresAtMs;
  }

  sleepUntil(wakeAtMs: number): Promise<void> {
    return this.#parts.runTime.sleepUntil(wakeAtMs);
  }

  stepBegan(): () => void {
    return this.#parts.runTime.stepBegan();
  }
}
