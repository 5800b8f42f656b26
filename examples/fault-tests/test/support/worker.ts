// A worker process of the tests: it loads everything, says "ready", begins when it is told to, and reports at its end.
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTasks, inProcessExecutor, startWorker } from '@mcp-tasks/runner';
import { z } from 'zod';
import { storeAt } from './stores.ts';
import type { WorkerOptions, WorkerReport } from './workers.ts';

const { url, log, leaseMs, parkAfterMs, concurrency } = JSON.parse(process.argv[2] ?? '') as WorkerOptions;
const done = { content: [{ type: 'text' as const, text: 'done' }] };
const report: { claimed: number; ran: string[] } = { claimed: 0, ran: [] };
const write = (...words: readonly unknown[]) => {
  if (log !== undefined) appendFileSync(log, `${[process.pid, ...words].join(' ')}\n`);
};

const store = storeAt(url);
const claim = store.claim.bind(store);
store.claim = async (input) => {
  const outcome = await claim(input);
  report.claimed += outcome.records.length;
  return outcome;
};
const executor = inProcessExecutor({ concurrency });
const tasks = createTasks({ store, executor, leaseMs, parkAfterMs, onBackgroundError: () => undefined });

tasks.tool('work', { inputSchema: z.object({ ms: z.int() }), onCrash: 'rerun' }, async ({ ms }, task) => {
  report.ran.push(task.id);
  write('work', task.id);
  if (ms > 0) await sleep(ms);
  return done;
});

tasks.tool('poison', { onCrash: 'rerun' }, async (_args, task) => {
  write('poison', task.id);
  // Long enough that its neighbours have begun.
  await sleep(100);
  process.kill(process.pid, 'SIGKILL');
  return done;
});

tasks.tool(
  'steps',
  { inputSchema: z.object({ steps: z.int(), ms: z.int() }), onCrash: 'rerun' },
  async (args, task) => {
    task.signal.addEventListener('abort', () => {
      write('ended', task.id, (task.signal.reason as { details?: { reason?: unknown } }).details?.reason);
    });
    for (let step = 1; step <= args.steps; step += 1) {
      await task.step(`${step}`, async () => {
        write('step', task.id, step);
        await sleep(args.ms);
        return process.pid;
      });
    }
    return done;
  },
);

tasks.tool('waits', { inputSchema: z.object({ ms: z.int() }), onCrash: 'rerun' }, async ({ ms }, task) => {
  await task.step('tried', { retries: 2, backoffMs: ms, maxBackoffMs: ms }, ({ idempotencyKey }) => {
    write('try', task.id, idempotencyKey);
    // The first try of each process fails.
    if (report.ran.includes(task.id)) return;
    report.ran.push(task.id);
    throw new Error('not yet');
  });
  await task.sleep('nap', ms);
  write('slept', task.id);
  return done;
});

const lines = createInterface({ input: process.stdin });
lines.once('line', () => {
  lines.close();
  void startWorker(tasks).then((close) => {
    process.once('SIGTERM', () => {
      void close()
        .then(() => store.close())
        .then(() => {
          console.log(JSON.stringify(report satisfies WorkerReport));
        });
    });
    console.log('working');
  });
});
console.log('ready');
