import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const TYPESCRIPT = ['--conditions=@mcp-tasks/source', '--import', import.meta.resolve('tsx')];

/** A process that runs a script, killed when the test is over. */
export function startProcess(script: URL, ...parameters: string[]) {
  const child = spawn(process.execPath, [...TYPESCRIPT, fileURLToPath(script), ...parameters], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => kill(child));
  return { child, lines: createInterface({ input: child.stdout }) };
}

/** End a process by SIGKILL, and wait until it is gone. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
