// The tools. This module knows no MCP SDK, so a worker process can import it too.
import { setTimeout as sleep } from 'node:timers/promises';
import { createTasks } from '@mcp-tasks/runner';
{{storeImport}}
import * as z from 'zod';

export const tasks = createTasks({
  store: {{store}},
});

const CHAPTERS = ['sales', 'costs', 'outlook'];

tasks.tool(
  'write_report',
  {
    description: 'Write the report of a month',
    inputSchema: z.object({ month: z.string().describe('such as 2026-07') }),
    // After a crash the handler starts again; with 'fail', the default, the task ends as interrupted.
    onCrash: 'rerun',
  },
  async ({ month }, task) => {
    const texts = [];
    for (const [index, chapter] of CHAPTERS.entries()) {
      // What a step returns is stored: when the handler starts again, a finished step does not.
      const text = await task.step(chapter, async ({ signal }) => {
        await sleep(500, undefined, { signal }); // the slow work; the signal stops it when the task is cancelled
        return `${chapter} of ${month}`;
      });
      texts.push(text);
      task.progress(index + 1, CHAPTERS.length, `wrote ${chapter}`);
    }
    return { content: [{ type: 'text', text: texts.join('\n') }] };
  },
);
