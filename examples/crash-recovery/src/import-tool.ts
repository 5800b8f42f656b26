import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Tasks } from '@mcp-tasks/runner';
import * as z from 'zod';

/** Name of the tool. */
export const IMPORT_BATCHES = 'import_batches';

/** Register a tool that does its work in steps; each execution of a step leaves a line `TASKID STEP` in the log first. */
export function registerImportTool(tasks: Tasks, logFile: string): void {
  tasks.tool(
    IMPORT_BATCHES,
    {
      description: 'Import batches of rows, one step each',
      inputSchema: z.object({ batches: z.int().min(1).max(1_000), batchMs: z.int().min(0).max(10_000) }),
      // The one line that makes a tool survive: after a crash the handler starts again, and finished steps do not.
      onCrash: 'rerun',
    },
    async ({ batches, batchMs }, task) => {
      let rows = 0;
      for (let batch = 1; batch <= batches; batch += 1) {
        rows += await task.step(`batch-${batch}`, async ({ signal }) => {
          appendFileSync(logFile, `${task.id} batch-${batch}\n`);
          await sleep(batchMs, undefined, { signal });
          return batch * 10;
        });
        task.progress(batch, batches);
      }
      return { content: [{ type: 'text', text: `imported ${rows} rows in run ${task.attempt}` }] };
    },
  );
}
