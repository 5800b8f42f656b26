// `pnpm docs:api` makes docs/api from the doc comments, and fails on a public symbol without one or a link that leads nowhere.
import { readdirSync, readFileSync } from 'node:fs';

const published = readdirSync('packages')
  .map((folder) => ({ folder, ...JSON.parse(readFileSync(`packages/${folder}/package.json`, 'utf8')) }))
  .filter((manifest) => manifest.private !== true);

/** The source file of every entry of a package. */
const entriesOf = ({ folder, exports }) =>
  Object.values(exports).flatMap((target) =>
    typeof target === 'string' ? [] : [`packages/${folder}/${target['@mcp-tasks/source'].slice(2)}`],
  );

/** @type {Partial<import('typedoc').TypeDocOptions>} */
export default {
  name: 'mcp-tasks',
  entryPoints: published.flatMap(entriesOf),
  packagesRequiringDocumentation: published.map(({ name }) => name),
  tsconfig: 'tsconfig.typedoc.json',
  out: 'docs/api',
  readme: 'none',
  // Comments that an options type inherits from the SDK link to what the SDK exports.
  externalSymbolLinkMappings: { '@modelcontextprotocol/server': { '*': '#' } },
  excludePrivate: true,
  excludeInternal: true,
  gitRevision: 'main',
  sourceLinkTemplate: 'https://github.com/mcp-tasks/mcp-tasks/blob/main/{path}#L{line}',
  validation: { notExported: false, invalidLink: true, notDocumented: true, invalidPath: false },
  requiredToBeDocumented: ['Variable', 'Function', 'Class', 'Interface', 'TypeAlias', 'Method'],
  treatValidationWarningsAsErrors: true,
};
