import path from 'node:path';
import { defineConfig } from 'vitest/config';

// `import` and `default` hold anyway; named here they would reach `require` too, and break CommonJS packages such as pg.
const conditions = ['@mcp-tasks/source', 'node', 'module'];

// Continuous integration counts what ran: with this variable set, each run also leaves a report in that folder.
const { TEST_REPORT_DIR: reportDirectory } = process.env;
const reportName = [...process.cwd().split(path.sep).slice(-2), process.pid].join('-');

/** Settings of every package: tests run on the sources of the neighbours, without a build. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['test/**/*.test.ts'],
    environment: 'node',
    // Far above what any test takes: a busy machine is no failure, a hang is.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    ...(reportDirectory !== undefined && {
      reporters: ['default', ['json', { outputFile: path.join(reportDirectory, `${reportName}.json`) }]],
    }),
  },
});
