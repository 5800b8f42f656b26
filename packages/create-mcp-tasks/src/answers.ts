import { isBuiltin } from 'node:module';
import { Refusal } from './refusal.ts';

/** A value of an answer, as the list of a question shows it. */
export interface Choice {
  readonly label: string;
  readonly hint: string;
}

/** How clients reach the server. */
export const TRANSPORTS = {
  stdio: { label: 'stdio', hint: 'the client starts the server on its own machine' },
  http: { label: 'HTTP', hint: 'the server listens, and many clients connect' },
} as const satisfies Record<string, Choice>;

/** Where the server keeps its tasks. */
export const STORES = {
  memory: { label: 'memory', hint: 'needs nothing, and forgets the tasks when the process ends' },
  sqlite: { label: 'SQLite', hint: 'a file; Node.js 22.13 or newer has the driver' },
  postgres: { label: 'PostgreSQL', hint: 'for several machines' },
  redis: { label: 'Redis', hint: 'for several machines; Valkey too' },
} as const satisfies Record<string, Choice>;

/** Languages of the files of a project. */
export const LANGUAGES = {
  typescript: { label: 'TypeScript', hint: 'compiled by tsc' },
  javascript: { label: 'JavaScript', hint: 'no build' },
} as const satisfies Record<string, Choice>;

/** All that a project is made from. */
export interface Answers {
  /** Name of the package and of its folder. */
  readonly name: string;
  readonly transport: keyof typeof TRANSPORTS;
  readonly store: keyof typeof STORES;
  readonly language: keyof typeof LANGUAGES;
}

/** Answers to questions that are not asked. */
export const DEFAULTS: Answers = {
  name: 'my-tasks',
  transport: 'stdio',
  store: 'memory',
  language: 'typescript',
};

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
/** The name is also that of a schema in PostgreSQL, behind `mcp_`, and has at most 48 characters there. */
const LONGEST_NAME = 40;

/** Tell why a project cannot have a name, in a sentence; undefined when it can. */
export function faultOfName(name: string): string | undefined {
  if (!NAME.test(name) || name.length > LONGEST_NAME) {
    const rule = `Take 1 to ${LONGEST_NAME} lower-case letters, digits and hyphens, a letter first, such as "my-tasks".`;
    return `"${name}" cannot be the name of a project. ${rule}`;
  }
  if (isBuiltin(name)) return `"${name}" is a module of Node.js. Take another name.`;
  return undefined;
}

/**
 * Check a name.
 *
 * @throws {Refusal} a project cannot have it.
 */
export function checkName(name: string): string {
  const fault = faultOfName(name);
  if (fault !== undefined) throw new Refusal(fault);
  return name;
}

/**
 * Check a value against the table of its choices.
 *
 * @throws {Refusal} it is none of them.
 */
export function checkChoice<Key extends string>(
  option: string,
  choices: Readonly<Record<Key, Choice>>,
  value: string,
): Key {
  const keys = Object.keys(choices) as Key[];
  const found = keys.find((key) => key === value);
  if (found !== undefined) return found;
  const list = new Intl.ListFormat('en', { type: 'disjunction' }).format(keys);
  throw new Refusal(`"${value}" is not a value of ${option}. Take ${list}.`);
}
