import type { TaskError } from '@mcp-tasks/store';
import { monotonicMs } from '../core/lease-deadline.ts';
import type { TaskLayer } from '../core/task-layer.ts';
import { Timers } from '../core/timers.ts';
import type { HandlerHost } from '../handler/handler-host.ts';
import { type RunEndReason, RunSignal } from '../handler/run-end.ts';
import { LeaseWriter } from '../write/lease-writer.ts';
import { WriteQueue } from '../write/write-queue.ts';
import type { RunStart } from './begin-run.ts';
import { mayRerun } from './finish-run.ts';
import { RunTime } from './run-time.ts';
import { StoredHost } from './stored-host.ts';
import { RunQuestions } from './stored-questions.ts';

/** Questions of the parts of a run to it. */
export interface RunPartsHost {
  /** End the run without a write. Answers with the error that ended it. */
  end(reason: RunEndReason, cause?: unknown): TaskError;
  /** It has waited at questions for `parkAfterMs`. */
  park(): void;
  /** It has taken longer than `timeoutMs`. */
  timeOut(): void;
}

/** The parts of a run that stores. */
export interface RunParts {
  readonly timers: Timers;
  readonly signal: RunSignal;
  readonly writer: LeaseWriter;
  readonly queue: WriteQueue;
  readonly runTime: RunTime;
  readonly questions: RunQuestions;
  readonly host: HandlerHost;
}

/** Make the parts of a run, each with those that it needs. */
export function makeRunParts(layer: TaskLayer, start: RunStart, run: RunPartsHost): RunParts {
  const { tool, head, lease, entries, slot } = start;
  const timers = new Timers(layer.clock);
  const writer = new LeaseWriter({
    layer,
    lease,
    owner: head.owner,
    leaseDeadlineMs: start.leaseDeadlineMs,
    trace: entries.call.trace,
    timers,
    isWanted: () => queue.isWanted,
    end: (reason, cause) => run.end(reason, cause),
  });
  const queue: WriteQueue = new WriteQueue(head, writer, () => {
    questions.look();
  });
  const signal = new RunSignal(() => queue.ended);
  const runTime = new RunTime({
    clock: layer.clock,
    slot,
    signal,
    parkAfterMs: mayRerun(tool) ? layer.settings.parkAfterMs : undefined,
    timeoutMs: tool.options.timeoutMs,
    isWaiting: () => questions.awaited.length > 0,
    park: () => {
      run.park();
    },
    timeOut: () => {
      run.timeOut();
    },
  });
  const questions: RunQuestions = new RunQuestions({ layer, entries, queue, writer, runTime, timers });
  const checkLease = () => {
    if (monotonicMs(layer.clock) >= writer.leaseDeadlineMs) run.end('lease-lost');
  };
  const host = new StoredHost(layer, start, { queue, questions, runTime, signal, checkLease });
  return { timers, signal, writer, queue, runTime, questions, host };
}
