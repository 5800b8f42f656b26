import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import type { TaskStore } from '@mcp-tasks/store';
import type { StoreProcess } from '../api/harness.ts';
import { type Span, timedStore, waitUntil } from '../fakes/timed-store.ts';
import type { FromWorker, ToWorker } from './process-messages.ts';
import { type RacerInput, type RacerName, type RacerOutput, racers } from './racers.ts';

/** Result of one side of a race. */
interface SideReport<Name extends RacerName> {
  readonly output: RacerOutput<Name>;
  readonly spans: readonly Span[];
}

/** One side of a race: a connection, here or in a process of its own. */
export interface Side {
  /** Run a racer, from `startNs` on (at once without it). */
  run<Name extends RacerName>(name: Name, input: RacerInput<Name>, startNs?: bigint): Promise<SideReport<Name>>;
}

/** A side in another process. */
export interface ProcessSide extends Side {
  /** Write tasks without end; `onWritten` learns of each write that was acknowledged, until the process is killed. */
  writeUntilKilled(owner: string, nowMs: number, onWritten: (written: WrittenTask) => void): void;
  /** End the process by SIGKILL and wait until it is gone. Safe to call twice. */
  kill(): Promise<void>;
}

/** A write that a process was told of before it died. */
export interface WrittenTask {
  readonly taskId: string;
  readonly version: number;
}

/** The side that this process plays through a connection. */
export function connectionSide(store: TaskStore): Side {
  return {
    async run<Name extends RacerName>(name: Name, input: RacerInput<Name>, startNs?: bigint) {
      if (startNs !== undefined) await waitUntil(startNs);
      return runRacer(store, name, input);
    },
  };
}

/** Run a racer and note when its calls were under way. */
async function runRacer<Name extends RacerName>(
  store: TaskStore,
  name: Name,
  input: RacerInput<Name>,
): Promise<SideReport<Name>> {
  const spans: Span[] = [];
  // A name and an input of the same racer belong together, which the table's union of functions cannot say.
  const racer = racers[name] as unknown as (store: TaskStore, input: RacerInput<Name>) => Promise<RacerOutput<Name>>;
  const output = await racer(timedStore(store, spans), input);
  return { output, spans };
}

/** Start a process that opens a connection of its own. */
export async function startProcessSide(storeProcess: StoreProcess): Promise<ProcessSide> {
  const { module, data, execArgv = [] } = storeProcess;
  // Its main module stands beside this one, and ends as this one does: in .ts, or as built in .js or .cjs.
  const worker = new URL(`./process-worker${extname(import.meta.url)}`, import.meta.url);
  const child = fork(worker, { execArgv: [...execArgv], serialization: 'advanced' });
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  const replies = repliesOf(child);
  try {
    await replies.ask({ kind: 'connect', module: String(module), data });
  } catch (error) {
    await kill();
    throw error;
  }
  return {
    async run<Name extends RacerName>(name: Name, input: RacerInput<Name>, startNs?: bigint) {
      return (await replies.ask({ kind: 'run', name, input, startNs })) as SideReport<Name>;
    },
    writeUntilKilled(owner, nowMs, onWritten) {
      replies.onWritten = onWritten;
      child.send({ id: 0, kind: 'write-until-killed', owner, nowMs } satisfies ToWorker);
    },
    kill,
  };
}

type Question = ToWorker extends infer Message ? (Message extends ToWorker ? Omit<Message, 'id'> : never) : never;

interface Replies {
  ask(question: Question): Promise<unknown>;
  onWritten: (written: WrittenTask) => void;
}

function repliesOf(child: ChildProcess): Replies {
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let lastId = 0;
  const replies: Replies = {
    onWritten: () => undefined,
    ask(question) {
      lastId += 1;
      const id = lastId;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        child.send({ ...question, id });
      });
    },
  };
  child.on('message', (message: FromWorker) => {
    if (message.kind === 'written') {
      replies.onWritten(message);
      return;
    }
    const asker = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.kind === 'done') asker?.resolve(message.value);
    else asker?.reject(new assert.AssertionError({ message: `in the second process: ${message.error}` }));
  });
  child.on('exit', (code, signal) => {
    for (const { reject } of waiting.values()) {
      reject(new assert.AssertionError({ message: `the second process ended early (${String(signal ?? code)})` }));
    }
    waiting.clear();
  });
  return replies;
}
