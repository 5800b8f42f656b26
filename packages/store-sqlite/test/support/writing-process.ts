// Writes tasks of one owner to the database at a path until it is killed; a line tells of each acknowledged write.
import { checkpoint, newHead, NOW_MS, parameterOfProcess } from '@mcp-tasks/store-testing';
import { sqliteStore } from '../../src/index.ts';

const CHAINS = 6;
const UPDATES_PER_TASK = 5;

const { path, owner } = parameterOfProcess() as { readonly path: string; readonly owner: string };
const store = sqliteStore({ path });
await store.open();

async function writeOnAndOn(): Promise<void> {
  for (;;) {
    const head = newHead({ owner });
    const limits = { maxActiveTasks: 1e6, maxStoredTasks: 1e6 };
    await store.create({ head, entries: [{ kind: 'call', name: '', value: '{}' }], limits, nowMs: NOW_MS });
    process.stdout.write(`${head.taskId} 1\n`);
    for (let version = 1; version <= UPDATES_PER_TASK; version += 1) {
      await store.update(checkpoint({ ...head, version }, `step-${version}`));
      process.stdout.write(`${head.taskId} ${version + 1}\n`);
    }
  }
}

await Promise.all(Array.from({ length: CHAINS }, writeOnAndOn));
