import { setTimeout as sleep } from 'node:timers/promises';
import type { Tasks } from '@mcp-tasks/runner';
import * as z from 'zod';
import { addFiles, EMPTY_DIGEST, listFiles } from './files.ts';
import type { LogEntry } from './open-log.ts';

/** The tool's name. */
export const HASH_FILES = 'hash_files';

/** Name of the published variable that holds {@link Progress}. */
export const PROGRESS = 'progress';

/** Progress that the tool shows to its client. */
export const Progress = z.object({ done: z.int(), total: z.int() });
export type Progress = z.infer<typeof Progress>;

/** Arguments of the tool. */
export const HashArguments = z.object({
  checkpointEvery: z.int().min(1).describe('Files between two checkpoints'),
  minimumSeconds: z.number().min(0).max(3600).describe('Rest after each checkpoint so that the whole takes this long'),
});
export type HashArguments = z.infer<typeof HashArguments>;

/** Result of the tool. */
export const HashResult = z.object({ files: z.int(), bytes: z.int(), sha256: z.string() });

/** Register the tool that hashes and counts every file under one directory, with a checkpoint every few files. */
export function registerHashTool(tasks: Tasks, directory: string, log: (entry: LogEntry) => void): void {
  tasks.tool(
    HASH_FILES,
    {
      description: `Hash and count every file under ${directory}`,
      inputSchema: HashArguments,
      outputSchema: HashResult,
      pollIntervalMs: 100,
      // Finished checkpoints make a second run cheap.
      onCrash: 'rerun',
    },
    async ({ checkpointEvery, minimumSeconds }, task) => {
      const taskId = task.id;
      const onOpen = (file: string) => {
        log({ taskId, event: 'open', file });
      };
      task.signal.addEventListener('abort', () => {
        log({ taskId, event: 'abort' });
      });
      try {
        const files = await listFiles(directory);
        const checkpoints = Math.ceil(files.length / checkpointEvery);
        let digest = EMPTY_DIGEST;
        for (let index = 0; index < checkpoints; index += 1) {
          const next = files.slice(index * checkpointEvery, (index + 1) * checkpointEvery);
          const before = digest;
          digest = await task.step(`files-${String(index)}`, ({ signal }) =>
            addFiles(before, directory, next, { signal, onOpen }),
          );
          await task.publish(PROGRESS, { done: digest.files, total: files.length });
          await sleep((minimumSeconds * 1000) / checkpoints, undefined, { signal: task.signal });
        }
        const text = `${String(digest.files)} files, ${String(digest.bytes)} bytes, sha256 ${digest.sha256}`;
        return { content: [{ type: 'text', text }], structuredContent: { ...digest } };
      } finally {
        log({ taskId, event: 'end' });
      }
    },
  );
}
