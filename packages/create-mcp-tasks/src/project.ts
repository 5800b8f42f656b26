import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Answers, LANGUAGES, TRANSPORTS } from './answers.ts';
import { nextCommands, packageManager } from './commands.ts';
import { manifestOf, PACKAGE_FOLDER } from './manifest.ts';
import { storeParts } from './store-parts.ts';

/** Paragraphs of the README. */
const TRANSPORT_NOTES: Readonly<Record<Answers['transport'], string>> = {
  stdio:
    "To use the server in another MCP client, give it the command `node` and the full path of the server's `.js` file.",
  http: 'The server listens on <http://127.0.0.1:3000/mcp>, or at another `PORT`. Before others can reach it, verify their tokens: see `src/server`.',
};

/** The files of a project: text by path, with `/`. Few enough to read all of them. */
export function filesOf(answers: Answers): ReadonlyMap<string, string> {
  const { name, transport, language } = answers;
  const extension = language === 'typescript' ? 'ts' : 'js';
  const parts = storeParts(answers);
  const { first, second, where } = nextCommands(transport, packageManager());
  const values = {
    name,
    extension,
    transport: TRANSPORTS[transport].label,
    language: LANGUAGES[language].label,
    store: parts.create,
    storeImport: parts.import,
    storeNote: parts.note,
    transportNote: TRANSPORT_NOTES[transport],
    firstCommand: first,
    secondCommand: where === undefined ? second : `${second}    # ${where}`,
  };
  // The code of the templates is JavaScript and TypeScript at once: the types are inferred.
  const templates = {
    'README.md': 'README.md',
    '.gitignore': 'gitignore',
    ...(language === 'typescript' && { 'tsconfig.json': 'tsconfig.json' }),
    [`src/tasks.${extension}`]: 'src/tasks.ts',
    [`src/server.${extension}`]: `src/server-${transport}.ts`,
    [`src/client.${extension}`]: `src/client-${transport}.ts`,
    [`test/tasks.test.${extension}`]: 'test/tasks.test.ts',
  };
  return new Map([
    ['package.json', manifestOf(answers)],
    ...Object.entries(templates).map(([file, template]) => [file, filledIn(template, values)] as const),
  ]);
}

/** A template with values in the places of their names, which stand in double braces. */
function filledIn(template: string, values: Readonly<Record<string, string>>): string {
  const text = readFileSync(path.join(PACKAGE_FOLDER, 'templates', template), 'utf8');
  return text.replaceAll(/\{\{(\w+)\}\}/g, (_, key: string) => {
    const value = values[key];
    if (value === undefined) throw new TypeError(`The template "${template}" names "${key}", which has no value.`);
    return value;
  });
}
