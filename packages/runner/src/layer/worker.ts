import { checkOptions, option, type OptionTableOf } from '@mcp-tasks/wire';
import type { Tasks } from '../api/tasks.ts';

/**
 * Options of {@link startWorker}.
 *
 * @example
 * const options: WorkerOptions = { drainMs: 10_000 };
 * await startWorker(tasks, options);
 */
export interface WorkerOptions {
  /** Time for which runs may go on after the signal to end; default 5 s. */
  readonly drainMs?: number | undefined;
}

const WORKER_OPTIONS: OptionTableOf<WorkerOptions> = { drainMs: option.integer(0) };

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * Run tasks in a process without a server: start the task layer, and drain it when the process gets the signal to end.
 *
 * On SIGTERM or SIGINT it closes the layer. The process then ends by itself, with its exit code unchanged, as soon as
 * nothing else keeps it alive. A second signal ends it at once, as without a worker.
 *
 * @returns closes the layer and removes the signal handlers; safe to call twice.
 * @throws {TypeError}, {RangeError} an option is unknown or wrong; {TaskError} as `start` of the task layer.
 *
 * @example
 * // worker.ts: no server; it runs tasks that servers on the same store made
 * const close = await startWorker(tasks, { drainMs: 10_000 });
 * process.on('message', () => void close());
 */
export async function startWorker(tasks: Tasks, options: WorkerOptions = {}): Promise<() => Promise<void>> {
  checkOptions('startWorker', options, WORKER_OPTIONS);
  await tasks.start();
  // The layer's own timers do not keep a process alive.
  const keepAlive = setInterval(() => undefined, 2 ** 30);
  const release = () => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
    clearInterval(keepAlive);
  };
  const close = async () => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
    try {
      await tasks.close({ drainMs: options.drainMs });
    } finally {
      release();
    }
  };
  const onSignal = () => {
    close().catch((error: unknown) => {
      process.exitCode = 1;
      process.emitWarning(error instanceof Error ? error : String(error), 'McpTasksWarning');
    });
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return close;
}
