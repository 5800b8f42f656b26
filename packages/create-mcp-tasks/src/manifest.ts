import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Answers } from './answers.ts';
import { Refusal } from './refusal.ts';
import { storeParts } from './store-parts.ts';

/** The folder of this package: its sources, its built file and its templates are one level below. */
export const PACKAGE_FOLDER = path.resolve(import.meta.dirname, '..');

/** Packages of every project, and those of a transport. */
const PACKAGES = ['@mcp-tasks/runner', '@mcp-tasks/server', '@modelcontextprotocol/server', 'zod'];
const PACKAGES_OF: Readonly<Record<Answers['transport'], readonly string[]>> = {
  stdio: [],
  http: ['@modelcontextprotocol/node'],
};
/** Packages of the client script, and those of the compiler. */
const DEVELOPMENT = ['@modelcontextprotocol/client', '@modelcontextprotocol/ext-tasks'];
const COMPILER = ['@types/node', 'typescript'];

/**
 * The package.json of a project, as text.
 *
 * @throws {Refusal} the project has the name of a package that it needs.
 */
export function manifestOf(answers: Answers): string {
  const { name, transport, language } = answers;
  const { packages, node = '20' } = storeParts(answers);
  const development = language === 'typescript' ? [...DEVELOPMENT, ...COMPILER] : DEVELOPMENT;
  const dependencies = versionsOf([...PACKAGES, ...PACKAGES_OF[transport], ...packages]);
  const devDependencies = versionsOf(development);
  if (name in { ...dependencies, ...devDependencies }) {
    throw new Refusal(`"${name}" is a package that the project needs. Take another name.`);
  }
  const manifest = {
    name,
    version: '0.0.0',
    private: true,
    type: 'module',
    engines: { node: `>=${node}` },
    scripts: scriptsOf(language),
    dependencies,
    devDependencies,
  };
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

function scriptsOf(language: Answers['language']): Readonly<Record<string, string>> {
  if (language === 'javascript') {
    return { start: 'node src/server.js', client: 'node src/client.js', test: 'node --test test/tasks.test.js' };
  }
  return {
    build: 'tsc',
    start: 'tsc && node dist/src/server.js',
    client: 'tsc && node dist/src/client.js',
    test: 'tsc && node --test dist/test/tasks.test.js',
  };
}

/** Ranges of packages: from the versions that this package was tested with, which its own package.json holds. */
function versionsOf(names: readonly string[]): Readonly<Record<string, string>> {
  const manifest = JSON.parse(readFileSync(path.join(PACKAGE_FOLDER, 'package.json'), 'utf8')) as {
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  const tested = manifest.devDependencies;
  const rangeOf = (name: string) => {
    // The compiler stands there under another name: `npm:typescript@7.0.2`.
    const range = name === 'typescript' ? tested['typescript-native']?.split('@').at(-1) : tested[name];
    if (range === undefined) throw new TypeError(`The version of "${name}" is not known.`);
    return /^\d/.test(range) ? `^${range}` : range;
  };
  return Object.fromEntries([...names].sort().map((name) => [name, rangeOf(name)]));
}
