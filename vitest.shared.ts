import { defineConfig } from 'vitest/config';

const conditions = ['@mcp-tasks/source', 'node', 'module', 'import', 'default'];

/** Settings of every package: tests run on the sources of the neighbours, without a build. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: { include: ['test/**/*.test.ts'], environment: 'node' },
});
