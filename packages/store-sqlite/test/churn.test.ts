import { existsSync, statSync } from 'node:fs';
import { churn } from '@mcp-tasks/store-testing';
import { expect, it } from 'vitest';
import { openStore, temporaryFile } from './support/database.ts';

const MiB = 1024 * 1024;

it('[BOUN-02] keeps the file and its log within twice the quota of an owner whose tasks live for a moment', async () => {
  const path = temporaryFile();
  const store = await openStore({ path });
  const maxStoredBytes = 16 * MiB;
  let mostBytes = 0;
  const onPart = () => {
    const files = [path, `${path}-wal`, `${path}-shm`].filter((file) => existsSync(file));
    mostBytes = Math.max(
      mostBytes,
      files.reduce((sum, file) => sum + statSync(file).size, 0),
    );
  };
  const counts = await churn(store, { maxStoredBytes, entryBytes: MiB / 16, tasks: 2_000, forMs: 3_000, onPart });
  // Eight times the quota was written, and at times the owner was at it.
  expect(counts['created']).toBeGreaterThan(500);
  expect(counts['over-quota']).toBeGreaterThan(0);
  expect(mostBytes).toBeGreaterThan(maxStoredBytes / 2);
  expect(mostBytes).toBeLessThan(2 * maxStoredBytes);
});
