/** The client half of the demo, and its command line. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { Command, InvalidArgumentError } from 'commander';

const REPOSITORY = path.resolve(import.meta.dirname, '../../..');

interface CommandLineOptions {
  readonly checkpointEvery: number;
  readonly seconds: number;
}

const numberFrom = (minimum: number, whole: boolean) => (text: string) => {
  const value = Number(text);
  const fits = text.trim() !== '' && Number.isFinite(value) && value >= minimum && value <= 3600;
  if (!fits || (whole && !Number.isInteger(value))) {
    throw new InvalidArgumentError(`It is a ${whole ? 'whole ' : ''}number from ${String(minimum)} to 3600.`);
  }
  return value;
};

const program = new Command('mcp-tasks-demo')
  .description(
    'Hash and count every file under a directory as an MCP task: first as a 2026-07-28 client over HTTP, then as a 2025-11-25 client over stdio. A second task is cancelled half way.',
  )
  .argument(
    '[directory]',
    'what to hash; node_modules and .git are left out, links are not followed (default: this repository)',
  )
  .option('--checkpoint-every <files>', 'files between two checkpoints', numberFrom(1, true), 20)
  .option('--seconds <seconds>', 'rest between checkpoints so that the bar lasts this long', numberFrom(0, false), 2)
  .addHelpText('after', '\nExits with 1 if anything is not as expected, with 2 if the command line is wrong.')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .action(async (given: string | undefined, options: CommandLineOptions) => {
    // A package script runs in its package's folder; the path was written for the folder of the shell.
    const directory = path.resolve(process.env['INIT_CWD'] ?? process.cwd(), given ?? REPOSITORY);
    const found = await stat(directory).catch(() => undefined);
    if (found?.isDirectory() !== true) program.error(`error: ${directory} is not a directory`);
    process.exitCode = await demo(directory, options);
  });

async function demo(directory: string, options: CommandLineOptions): Promise<number> {
  // Loaded here, so that `--help` need not wait for three SDKs.
  const { runDemo } = await import('./demo.ts');
  const { checkpointEvery, seconds } = options;
  const faults = await runDemo({ directory, checkpointEvery, minimumSeconds: seconds, output: process.stdout });
  for (const fault of faults) console.error(`NOT AS EXPECTED: ${fault}`);
  if (faults.length > 0) return 1;
  console.log('\nEverything is as expected.');
  return 0;
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
