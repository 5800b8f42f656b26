import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Tasks } from '@mcp-tasks/runner';
import { z } from 'zod';
import { text } from './text.ts';

const FILE_NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;
/** Enough to run into every limit of a task. */
const MAX_COUNT = 100_000;
const MAX_DELAY_MS = 86_400_000;

const numbersTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

/** Tools that keep something in their task: checkpoints, published values, private variables. */
export function registerRecordingTools(tasks: Tasks, countDirectory: string | undefined): void {
  tasks.tool(
    'count_steps',
    {
      description: 'Count in durable steps; each execution of a step appends a line to a file',
      inputSchema: z.object({
        steps: z.int().min(0).max(MAX_COUNT),
        stepMs: z.int().min(0).max(MAX_DELAY_MS),
        file: z.string(),
      }),
      onCrash: 'rerun',
    },
    async ({ steps, stepMs, file }, task) => {
      if (countDirectory === undefined) return task.fail('count_steps needs COUNT_DIR to be set.');
      if (!FILE_NAME.test(file)) return task.fail('count_steps needs a plain file name of letters, digits and ._-');
      const path = join(countDirectory, file);
      for (const count of numbersTo(steps)) {
        await task.step(`${count}`, async ({ signal }) => {
          await appendFile(path, `${task.id} ${count}\n`);
          await sleep(stepMs, undefined, { signal });
          return count;
        });
      }
      return text(`counted ${steps}`);
    },
  );

  tasks.tool(
    'publish_progress',
    {
      description: 'Publish one part per 100 ms and keep a secret',
      inputSchema: z.object({ parts: z.int().min(0).max(MAX_COUNT) }),
    },
    async ({ parts }, task) => {
      await task.set('secret', 'not for the client');
      for (const part of numbersTo(parts)) {
        await sleep(100, undefined, { signal: task.signal });
        await task.publish(`part-${part}`, part);
      }
      return text(`published ${parts}`);
    },
  );

  tasks.tool(
    'wide_effects',
    {
      description: 'Write variables concurrently and read them back',
      inputSchema: z.object({ n: z.int().min(0).max(MAX_COUNT) }),
    },
    async ({ n }, task) => {
      const numbers = numbersTo(n);
      await Promise.all(numbers.map((number) => task.set(`variable-${number}`, number)));
      const lost = numbers.filter((number) => task.get(`variable-${number}`) !== number);
      return lost.length === 0 ? text(`wrote ${n}`) : task.fail(`lost ${lost.length} of ${n} writes`);
    },
  );
}
