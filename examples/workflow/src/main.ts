/** The client half of the demo, and its command line. */
import path from 'node:path';
import { Command, InvalidArgumentError } from 'commander';

const REPOSITORY = path.resolve(import.meta.dirname, '../../..');
const MAX_STEP_MS = 60_000;

interface CommandLineOptions {
  readonly date: string;
  readonly stepMs: number;
}

function day(text: string): string {
  const date = new Date(`${text}T00:00:00Z`);
  const isDay =
    /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
  if (!isDay) throw new InvalidArgumentError('It is a day such as 2026-09-01.');
  return text;
}

function milliseconds(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > MAX_STEP_MS) {
    throw new InvalidArgumentError(`It is a whole number from 0 to ${MAX_STEP_MS}.`);
  }
  return Number(text);
}

const program = new Command('prepare-release')
  .description(
    'Prepare a release of this repository as an MCP workflow: first as a 2026-07-28 client over HTTP, then as a 2025-11-25 client over stdio, then with a server that is killed in the middle of a step. Nothing but a temporary folder is written to.',
  )
  .option('--date <day>', 'day of the release', day, new Date().toISOString().slice(0, 10))
  .option('--step-ms <ms>', 'rest of each server step before it works, so that one can watch it', milliseconds, 400)
  .addHelpText('after', '\nExits with 1 if anything is not as expected, with 2 if the command line is wrong.')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .action(async (options: CommandLineOptions) => {
    // Loaded here, so that `--help` need not wait for the SDKs.
    const { runDemo } = await import('./demo.ts');
    const faults = await runDemo({ repository: REPOSITORY, ...options, output: process.stdout });
    for (const fault of faults) console.error(`NOT AS EXPECTED: ${fault}`);
    if (faults.length > 0) process.exitCode = 1;
    else console.log('\nEverything is as expected.');
  });

try {
  await program.parseAsync();
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
