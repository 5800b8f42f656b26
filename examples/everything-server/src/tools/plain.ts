import { setTimeout as sleep } from 'node:timers/promises';
import type { Tasks } from '@mcp-tasks/runner';
import { JSON_RPC_ERROR, ProtocolFailure } from '@mcp-tasks/wire';
import { z } from 'zod';
import { text } from './text.ts';

/** Of a Node timer. */
const MAX_SECONDS = 2_147_483;

/** Tools that compute something and end, well or badly. */
export function registerPlainTools(tasks: Tasks): void {
  tasks.tool(
    'greet',
    { description: 'Greet somebody at once', inputSchema: z.object({ name: z.string() }), taskSupport: 'forbidden' },
    ({ name }) => text(`Hello, ${name}!`),
  );

  tasks.tool(
    'slow_compute',
    {
      description: 'Compute for some seconds',
      inputSchema: z.object({ seconds: z.number().min(0).max(MAX_SECONDS), label: z.string().default('slow_compute') }),
    },
    async ({ seconds, label }, task) => {
      await sleep(seconds * 1_000, undefined, { signal: task.signal });
      return text(`done: ${label}`);
    },
  );

  tasks.tool(
    'failing_job',
    { description: 'Fail after half a second', taskSupport: 'required' },
    async (_args, task) => {
      await sleep(500, undefined, { signal: task.signal });
      return task.fail('failing_job failed');
    },
  );

  tasks.tool('protocol_error_job', { description: 'Answer a JSON-RPC error after 100 ms' }, async (_args, task) => {
    await sleep(100, undefined, { signal: task.signal });
    throw new ProtocolFailure(JSON_RPC_ERROR.INTERNAL_ERROR, 'protocol_error_job failed');
  });

  tasks.tool(
    'structured',
    {
      description: 'Square a whole number',
      inputSchema: z.object({ n: z.int() }),
      outputSchema: z.object({ square: z.number() }),
    },
    ({ n }) => {
      const structuredContent = { square: n * n };
      return { ...text(JSON.stringify(structuredContent)), structuredContent };
    },
  );
}
