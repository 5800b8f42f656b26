import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { readText, REPOSITORY } from '../src/repository.ts';

const ESLINT = path.join(REPOSITORY, 'node_modules/.bin/eslint');
const ONE_PERIOD = 'End the message with one period.';
const ENDS = 'End the message with one period; where another text ends it, use sentence().';
const BEGINS = 'Begin the message with a capital letter, or with the name of an option and `must`.';
const QUOTES = 'Put the name in double quotes.';
const ONE_TEXT = 'Write the message as one text.';
const NO_PERIOD = 'Leave the period to the function that makes the message.';

/** A line of code, and what the rules say of it. */
const PLANTED: readonly (readonly [string, ...string[]])[] = [
  ["new TaskError('STORE_CLOSED', 'The store is closed', { cause })", ONE_PERIOD],
  ["new TypeError('The store is closed..')", ONE_PERIOD],
  ["new TaskError('STORE_CLOSED', 'the store is closed.')", BEGINS],
  ["incompatible('the file is not a database')", ONE_PERIOD, BEGINS],
  ['new RangeError(`drainMs must be a number, not ${value}`)', ENDS],
  ['new TypeError(`tasks: there is no ${value}.`)', BEGINS],
  ['sentence(`the answer does not fit: ${because}`)', BEGINS],
  ["new TaskError('TASK_REQUIRED', `Tool ${tool} runs only as a task.`)", QUOTES],
  ['fail(`there is no step ${step}`)', QUOTES],
  ["new TypeError('The store ' + 'is closed.')", ONE_TEXT],
  ["fail('there is no step.')", NO_PERIOD],
  ['refuse(`field "${name}" must list its choices.`)', NO_PERIOD],
  ["new TaskError('STORE_CLOSED', 'The store is closed.', { cause })"],
  ['new RangeError(`drainMs must be a whole number from 0, not ${value}.`)'],
  ["new TypeError('path of sqliteStore must be the path of a file.')"],
  ['new TypeError(`limits.${name} must be a number.`)'],
  ['new TypeError(`Tool "${name}" is registered already.`)'],
  ["new TaskError('VALUE_NOT_JSON', sentence(`${what} cannot be written as JSON: ${because}`), { cause })"],
  ['fail(`there is no step "${step}"`)'],
];

describe('the rules for messages', () => {
  let found: readonly (readonly string[])[];

  beforeAll(async () => {
    const rules = JSON.parse(await readText('message-rules.json')) as readonly object[];
    const rule = JSON.stringify({ 'no-restricted-syntax': ['error', ...rules] });
    const options = ['--no-config-lookup', '--rule', rule, '--format', 'json', '--stdin'];
    const linting = promisify(execFile)(ESLINT, options, { cwd: REPOSITORY });
    linting.child.stdin?.end(PLANTED.map(([line]) => line).join('\n'));
    // ESLint exits with 1 when it finds something.
    const { stdout } = await linting.catch((error: unknown) => error as { stdout: string });
    const [report] = JSON.parse(stdout) as [{ messages: { line: number; message: string }[] }];
    found = PLANTED.map((_, index) =>
      report.messages.filter(({ line }) => line === index + 1).map(({ message }) => message),
    );
  });

  it.each(PLANTED.map(([line, ...expected], index) => ({ line, expected, index })))(
    'find in $line: $expected',
    ({ expected, index }) => {
      expect(found[index]?.toSorted()).toEqual(expected.toSorted());
    },
  );
});
