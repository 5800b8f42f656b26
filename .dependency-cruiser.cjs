// The one table of allowed edges between packages. A row lists what a package's sources may import;
// tests may also use the contract kit.
const allowed = {
  wire: [],
  store: ['wire'],
  runner: ['wire', 'store'],
  server: ['wire', 'store', 'runner'],
  'store-kit': ['wire', 'store'],
};

const edge = ([name, below]) => ({
  name: `${name}-imports-only-${below.join('-') || 'nothing'}`,
  comment: `packages/${name} may import ${below.join(', ') || 'no package of this workspace'}.`,
  severity: 'error',
  from: { path: `^packages/${name}/src/` },
  to: { path: '^packages/', pathNot: [name, ...below].map((target) => `^packages/${target}/`) },
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    { name: 'no-dist', severity: 'error', from: {}, to: { path: '^packages/[^/]+/dist/' } },
    { name: 'no-import-of-examples', severity: 'error', from: { path: '^packages/' }, to: { path: '^examples/' } },
    {
      name: 'cross-package-by-name-only',
      severity: 'error',
      from: { path: '^(packages|examples)/([^/]+)/' },
      to: { path: '^(packages|examples)/', pathNot: '^$1/$2/', dependencyTypes: ['local'] },
    },
    {
      name: 'sdk-in-server-only',
      severity: 'error',
      from: { path: '^packages/(?!server/)[^/]+/src/' },
      to: { path: '@modelcontextprotocol/' },
    },
    ...Object.entries(allowed).map(edge),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/(dist|coverage)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@mcp-tasks/source', 'import', 'types', 'node', 'default'],
    },
  },
};
