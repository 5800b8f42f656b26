import path from 'node:path';
import { defineConfig } from 'vitest/config';

const conditions = ['@mcp-tasks/source', 'node', 'module', 'import', 'default'];

// Continuous integration counts what ran: with this variable set, each package also leaves a report in that folder.
const { TEST_REPORT_DIR: reportDirectory } = process.env;
const packageName = process.cwd().split(path.sep).slice(-2).join('-');

/** Settings of every package: tests run on the sources of the neighbours, without a build. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['test/**/*.test.ts'],
    environment: 'node',
    ...(reportDirectory !== undefined && {
      reporters: ['default', ['json', { outputFile: path.join(reportDirectory, `${packageName}.json`) }]],
    }),
  },
});
