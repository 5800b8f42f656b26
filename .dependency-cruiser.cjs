// `layers.json` is the one table of allowed edges between packages: a row lists what a package's sources may import.
// Tests may also use the contract kit, and what the tests of the database stores share. `packages/repo-check` plants a fault
// for every rule below and sees it found.
// A row with a slash is an entry that loads packages by name when it is used, which no import shows.
const layers = Object.fromEntries(Object.entries(require('./layers.json')).filter(([name]) => !name.includes('/')));
// `folders.json` is the same inside a package: the folders of its `src`, lowest first. The files of `src` itself are its
// entries, on top of all folders.
const folders = require('./folders.json');

const edge = ([name, below], folder, extra) => ({
  name: `${name}-${folder}-imports-only-what-is-below`,
  comment: `packages/${name}/${folder} may import ${[...below, ...extra].join(', ') || 'no package of this workspace'}.`,
  severity: 'error',
  from: { path: `^packages/${name}/${folder}/` },
  to: { path: '^packages/', pathNot: [name, ...below, ...extra].map((target) => `^packages/${target}/`) },
});

const downwards = ([name, rooms]) =>
  rooms.map((room, floor) => {
    const below = rooms.slice(0, floor + 1);
    return {
      name: `${name}-${room.replace('/', '-')}-imports-downwards`,
      comment: `packages/${name}/src/${room} may import ${below.join(', ')}.`,
      severity: 'error',
      from: { path: `^packages/${name}/src/${room}/[^/]+$` },
      to: {
        path: `^packages/${name}/src/`,
        pathNot: below.map((target) => `^packages/${name}/src/${target}/[^/]+$`),
      },
    };
  });

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    { name: 'no-dist', severity: 'error', from: {}, to: { path: '^packages/[^/]+/dist/' } },
    { name: 'no-import-of-examples', severity: 'error', from: { path: '^packages/' }, to: { path: '^examples/' } },
    {
      name: 'no-development-dependency-in-sources',
      comment: 'A published file must not import what the package does not bring.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm', 'npm-peer', 'type-only'] },
    },
    {
      name: 'cross-package-by-name-only',
      comment: 'repo-check may look inside, for what is not public.',
      severity: 'error',
      from: { path: '^(packages|examples)/([^/]+)/', pathNot: '^packages/repo-check/' },
      to: { path: '^(packages|examples)/', pathNot: '^$1/$2/', dependencyTypes: ['local'] },
    },
    {
      name: 'sdk-in-server-only',
      severity: 'error',
      from: { path: '^packages/(?!server/)[^/]+/src/' },
      to: { path: '@modelcontextprotocol/' },
    },
    {
      name: 'zod-in-wire-only',
      comment: "zod is how wire checks messages; authors' schemas are Standard Schema.",
      severity: 'error',
      from: { path: '^packages/(?!wire/)[^/]+/src/' },
      to: { path: '(^|/)node_modules/zod/' },
    },
    ...Object.entries(layers).map((row) => edge(row, 'src', [])),
    ...Object.entries(layers).map((row) => edge(row, 'test', ['store-kit', 'store-testing'])),
    ...Object.entries(folders).flatMap(downwards),
  ],
  options: {
    // Not `exclude`: an excluded dist would hide the edges that `no-dist` is there to find.
    doNotFollow: { path: ['node_modules', '/dist/'] },
    // Templates are not code before their names are filled in.
    exclude: { path: '/(coverage|templates)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@mcp-tasks/source', 'import', 'types', 'node', 'default'],
    },
  },
};
