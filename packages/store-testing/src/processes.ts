import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const TYPESCRIPT = ['--conditions=@mcp-tasks/source', '--import', import.meta.resolve('tsx')];

/** Start a process that runs a script with one parameter, as JSON; it is killed when the test is over. */
export function startProcess(script: URL, parameter: unknown) {
  const parameters = [...TYPESCRIPT, fileURLToPath(script), JSON.stringify(parameter)];
  const child = spawn(process.execPath, parameters, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  // What was written to the pipe before the process ended is still read.
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  onTestFinished(kill);
  return {
    /** The lines that it printed so far. */
    lines,
    /** Its exit code, once it has ended and its last line is in `lines`; null when it was killed. */
    ended,
    /** End it by SIGKILL, and wait until it is gone and its last line is in `lines`. */
    kill,
    /** Send it its one line of input. */
    tell: (line: string) => child.stdin.end(`${line}\n`),
  };
}
