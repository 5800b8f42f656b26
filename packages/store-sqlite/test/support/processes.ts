import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const TYPESCRIPT = ['--conditions=@mcp-tasks/source', '--import', import.meta.resolve('tsx')];

/** A process of a script in this folder, killed when the test is over. */
export function startProcess(script: string, ...parameters: string[]) {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, [...TYPESCRIPT, file, ...parameters], { stdio: ['ignore', 'pipe', 'inherit'] });
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
