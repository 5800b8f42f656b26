import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createTasks, startWorker } from '../../src/index.ts';

const WORKER = fileURLToPath(new URL('../fixtures/worker.ts', import.meta.url));

/** A worker in a process of its own, once both its tasks have begun. */
async function worker(drainMs: number) {
  const child = spawn(process.execPath, ['--conditions=@mcp-tasks/source', '--import=tsx', WORKER], {
    env: { ...process.env, DRAIN_MS: String(drainMs) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  const bothBegan = new Promise<void>((resolve) => {
    reader.on('line', (line) => {
      lines.push(line);
      if (lines.includes('polite began') && lines.includes('stubborn began')) resolve();
    });
  });
  const exited = once(child, 'exit');
  await Promise.race([bothBegan, exited]);
  return { child, lines, exited };
}

describe('a worker process', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'drains on %s and exits by itself with 0',
    async (signal) => {
      const { child, lines, exited } = await worker(50);
      child.kill(signal);
      expect(await exited).toEqual([0, null]);
      expect(lines).toContain('polite aborted false');
      expect(lines).toContain('settled polite completed false');
      // Its time was over.
      expect(lines).toContain('settled stubborn failed true');
    },
    60_000,
  );

  it('ends at once on a second signal', async () => {
    const { child, lines, exited } = await worker(3_600_000);
    child.kill('SIGTERM');
    await expect.poll(() => lines, { timeout: 30_000 }).toContain('settled polite completed false');
    child.kill('SIGTERM');
    expect(await exited).toEqual([null, 'SIGTERM']);
  }, 60_000);

  it('can be closed, and leaves no signal handlers behind', async () => {
    const before = process.listenerCount('SIGTERM');
    const close = await startWorker(createTasks());
    expect(process.listenerCount('SIGTERM')).toBe(before + 1);
    await close();
    await close();
    expect(process.listenerCount('SIGTERM')).toBe(before);
    expect(process.listenerCount('SIGINT')).toBe(before);
  });
});
