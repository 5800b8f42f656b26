import { setTimeout as sleep } from 'node:timers/promises';
import { createTasks } from '@mcp-tasks/runner';
import { z } from 'zod';

/** The task layer: it knows neither HTTP nor who may call it. */
export const tasks = createTasks({ limits: { pollIntervalMs: 50 } });

tasks.tool(
  'write_letter',
  { description: 'Write a letter, slowly', inputSchema: z.object({ to: z.string() }) },
  async ({ to }, task) => {
    await sleep(300, undefined, { signal: task.signal });
    return { content: [{ type: 'text', text: `Dear ${to}, from ${task.owner}` }] };
  },
);
