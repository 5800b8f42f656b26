import { describe, expect, it } from 'vitest';
import { readCommandLine } from '../src/command-line.ts';

describe('the command line', () => {
  it('takes every answer as an option, and the name also without one', () => {
    const answers = { name: 'reports', transport: 'http', store: 'redis', language: 'javascript' };
    const options = ['--transport', 'http', '--store=redis', '--language', 'javascript'];
    expect(readCommandLine([...options, '--name', 'reports', '--yes'])).toEqual({ answers, yes: true });
    expect(readCommandLine(['reports', ...options])).toEqual({ answers, yes: false });
    expect(readCommandLine([])).toEqual({ answers: {}, yes: false });
  });

  it.each([
    [['--stor', 'redis'], 'Unknown option "--stor". Did you mean --store? Run it with --help to see what it takes.'],
    [['--frobnicate'], 'Unknown option "--frobnicate". Run it with --help to see what it takes.'],
    [['--store'], 'Option "--store <store>" argument missing. Run it with --help to see what it takes.'],
    [['one', 'two'], /^Too many arguments\. Expected 1 argument but got 2\. Run it with --help/],
    [['--store', 'mongo'], '"mongo" is not a value of --store. Take memory, sqlite, postgres, or redis.'],
    [['--store', 'toString'], /^"toString" is not a value of --store\. /],
    [['--transport', 'sse'], '"sse" is not a value of --transport. Take stdio or http.'],
    [['--language', 'TypeScript'], '"TypeScript" is not a value of --language. Take typescript or javascript.'],
    [['one', '--name', 'two'], 'The name is given twice. Leave out --name, or the other.'],
  ])('refuses %j by a sentence that says what to do', (words, message) => {
    expect(() => readCommandLine(words)).toThrow(expect.objectContaining({ name: 'Refusal' }));
    expect(() => readCommandLine(words)).toThrow(message);
  });

  it.each([
    '',
    '.',
    '..',
    'My-Tasks',
    'a/b',
    '../up',
    'a b',
    '-a',
    '1st',
    'a_b',
    'a--b',
    'a-',
    'ü',
    'a'.repeat(41),
    '@me/a',
  ])('refuses the name %j', (name) => {
    const message = `"${name}" cannot be the name of a project. Take 1 to 40 lower-case letters, digits and hyphens`;
    expect(() => readCommandLine(['--name', name])).toThrow(message);
  });

  it('refuses the name of a module of Node.js', () => {
    expect(() => readCommandLine(['http'])).toThrow('"http" is a module of Node.js. Take another name.');
  });
});
