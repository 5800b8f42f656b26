/** Command line of the example. */
import { Command, InvalidArgumentError } from 'commander';

interface CommandLineOptions {
  readonly tasks: number;
  readonly batches: number;
  readonly batchMs: number;
  readonly kills: number;
}

const wholeNumber = (maximum: number) => (text: string) => {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > maximum)
    throw new InvalidArgumentError(`It is a whole number from 1 to ${maximum}.`);
  return value;
};

const program = new Command('crash-recovery')
  .description(
    'Start tasks on a server that keeps them in SQLite, kill the server with SIGKILL in mid-step, start it again, and check that every task ends once and that no stored step runs twice.',
  )
  .option('--tasks <count>', 'tasks to start', wholeNumber(50), 5)
  .option('--batches <count>', 'steps of each task', wholeNumber(1_000), 12)
  .option('--batch-ms <ms>', 'how long a step takes', wholeNumber(10_000), 150)
  .option('--kills <count>', 'how often the server is killed; fewer than --batches', wholeNumber(100), 3)
  .addHelpText('after', '\nExits with 1 if anything is not as expected, with 2 if the command line is wrong.')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .action(async (options: CommandLineOptions) => {
    if (options.kills >= options.batches)
      program.error('error: --kills must be smaller than --batches, or there is nothing left to kill');
    // Loaded here, so that `--help` need not wait for the SDKs.
    const { runDemo } = await import('./demo.ts');
    const print = (line: string) => {
      console.log(line);
    };
    const faults = await runDemo({ ...options, print });
    for (const fault of faults) console.error(`NOT AS EXPECTED: ${fault}`);
    if (faults.length > 0) process.exitCode = 1;
    else print('Everything is as expected.');
  });

try {
  await program.parseAsync();
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
