#!/usr/bin/env node
/** The command: `npm create mcp-tasks`. */
import { isBuiltin } from 'node:module';
import { intro, outro } from '@clack/prompts';
import { type Answers, DEFAULTS, faultOfName, LANGUAGES, STORES, TRANSPORTS } from './answers.ts';
import { type CommandLine, readCommandLine } from './command-line.ts';
import { nextCommands, packageManager } from './commands.ts';
import { askMissing } from './questions.ts';
import { Refusal } from './refusal.ts';
import { faultOfFolder, writeProject } from './write-project.ts';

try {
  const commandLine = readCommandLine(process.argv.slice(2));
  if (commandLine !== undefined) await create(commandLine);
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function create({ answers: given, yes }: CommandLine): Promise<void> {
  const folder = process.cwd();
  const faultOf = (name: string) => faultOfName(name) ?? faultOfFolder(folder, name);
  const fault = given.name === undefined ? undefined : faultOf(given.name);
  if (fault !== undefined) throw new Refusal(fault);
  const asks = !yes && process.stdin.isTTY && process.stdout.isTTY;
  if (asks) intro('A new MCP server with durable tasks');
  const answers = asks ? await askMissing(given, faultOf) : { ...DEFAULTS, ...given };
  const files = await writeProject(answers, folder);
  const lines = summaryOf(answers, files);
  if (asks) outro(lines.join('\n   '));
  else console.log(lines.join('\n'));
}

/** Lines that say what was written, and what to do next. */
function summaryOf(answers: Answers, files: readonly string[]): readonly string[] {
  const { name, transport, store, language } = answers;
  const kind = [TRANSPORTS[transport], STORES[store], LANGUAGES[language]].map(({ label }) => label).join(', ');
  const { first, second, where } = nextCommands(transport, packageManager());
  return [
    `Wrote ${name} (${kind}): ${files.join(', ')}.`,
    ...(store === 'sqlite' && !isBuiltin('node:sqlite')
      ? [`Node.js ${process.versions.node} has no SQLite: also run npm install better-sqlite3@12 in the folder.`]
      : []),
    '',
    'Next:',
    `  cd ${name} && ${first}`,
    where === undefined ? `  ${second}` : `  ${second}    # ${where}, in the same folder`,
  ];
}
