import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { until } from './until.ts';

const PROGRAM = fileURLToPath(new URL('./worker.ts', import.meta.url));

/** Settings of a worker process. */
export interface WorkerOptions {
  /** Address of its store. */
  readonly url: string;
  /** File to which it writes what its handlers do: `PID WHAT TASKID ...`. */
  readonly log?: string | undefined;
  readonly leaseMs: number;
  readonly parkAfterMs?: number | undefined;
  readonly concurrency?: number | undefined;
}

/** What a worker says at its end. */
export interface WorkerReport {
  /** Records that its claims answered. */
  readonly claimed: number;
  /** Task of each run of `work`, in the order in which they began. */
  readonly ran: readonly string[];
}

/** A process that runs tasks. */
export interface WorkerProcess {
  readonly pid: number | undefined;
  /** Resolves when the process is gone. */
  readonly ended: Promise<unknown>;
  /** Begin to work. Resolves after the first claim. */
  go(): Promise<void>;
  kill(): Promise<void>;
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
  /** Let it drain and end. */
  stop(): Promise<WorkerReport>;
}

/** Start a process that has loaded all it needs, and waits to be told to begin. */
export async function startWorkerProcess(options: WorkerOptions): Promise<WorkerProcess> {
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), PROGRAM, JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  let isOver = false;
  const ended = once(child, 'close').then(() => {
    isOver = true;
  });
  const said = (line: string) => until(`a worker is ${line}`, () => isOver || lines.includes(line));
  await said('ready');
  return {
    pid: child.pid,
    ended,
    async go() {
      child.stdin.end('go\n');
      await said('working');
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    signal: (name) => {
      child.kill(name);
    },
    async stop() {
      child.kill('SIGTERM');
      await ended;
      return JSON.parse(lines.at(-1) ?? '') as WorkerReport;
    },
  };
}
