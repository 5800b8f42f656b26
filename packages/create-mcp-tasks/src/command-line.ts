import { Command, CommanderError } from 'commander';
import { type Answers, checkChoice, checkName, LANGUAGES, STORES, TRANSPORTS } from './answers.ts';
import { Refusal } from './refusal.ts';

/** Content of the command line. */
export interface CommandLine {
  readonly answers: Partial<Answers>;
  /** Whether questions without an answer take their defaults. */
  readonly yes: boolean;
}

interface Options extends Partial<Answers> {
  readonly yes?: boolean;
}

/**
 * Read the words of the command line.
 *
 * @returns undefined when help was asked for, which is printed then.
 * @throws {Refusal} a word is not known, or a value does not fit.
 */
export function readCommandLine(words: readonly string[]): CommandLine | undefined {
  const program = new Command('create-mcp-tasks')
    .usage('[name] [options]')
    .description('Make a new MCP server with durable tasks. What no option says is asked, or is the default.')
    .argument('[name]', 'name of the package, and of its new folder', checkName)
    .option('--name <name>', 'the same', checkName)
    .option('--transport <transport>', listOf(TRANSPORTS), (value) => checkChoice('--transport', TRANSPORTS, value))
    .option('--store <store>', listOf(STORES), (value) => checkChoice('--store', STORES, value))
    .option('--language <language>', listOf(LANGUAGES), (value) => checkChoice('--language', LANGUAGES, value))
    .option('-y, --yes', 'ask nothing')
    .helpOption('-h, --help', 'show this')
    .addHelpText('after', '\nWith npm, options come after two hyphens: npm create mcp-tasks -- --store sqlite')
    .configureOutput({ writeErr: () => undefined })
    .exitOverride();
  try {
    program.parse(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    throw new Refusal(`${asSentence(error.message)} Run it with --help to see what it takes.`, { cause: error });
  }
  const { yes = false, ...answers } = program.opts<Options>();
  const [given] = program.processedArgs as readonly (string | undefined)[];
  if (given === undefined) return { answers, yes };
  if (answers.name !== undefined) throw new Refusal('The name is given twice. Leave out --name, or the other.');
  return { answers: { ...answers, name: given }, yes };
}

function listOf(choices: object): string {
  return Object.keys(choices).join(', ');
}

/** An error of the parser as a sentence: it is `error: unknown option '--stor'`, perhaps with a guess in brackets. */
function asSentence(message: string): string {
  const [first = '', guess] = message
    .replace(/^error: /, '')
    .replaceAll("'", '"')
    .split('\n');
  const sentence = `${first.charAt(0).toUpperCase()}${first.slice(1).replace(/\.$/, '')}.`;
  return guess === undefined ? sentence : `${sentence} ${guess.replaceAll(/[()]/g, '')}`;
}
