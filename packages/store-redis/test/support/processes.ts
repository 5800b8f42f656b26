import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const TYPESCRIPT = ['--conditions=@mcp-tasks/source', '--import', import.meta.resolve('tsx')];

/** A process that runs a script with one parameter, killed when the test is over. */
export function startProcess(script: URL, parameter: unknown) {
  const parameters = [...TYPESCRIPT, fileURLToPath(script), JSON.stringify(parameter)];
  const child = spawn(process.execPath, parameters, { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => kill(child));
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return {
    /** What it printed so far. */
    lines,
    /** Its exit code, once it has ended by itself. */
    ended,
    tell: (line: string) => child.stdin.end(`${line}\n`),
  };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
