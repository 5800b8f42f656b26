// Writes tasks of one owner to the database at a path until it is killed; a line tells of each acknowledged write.
import { checkpoint, newHead, NOW_MS, parameterOfProcess, ROOMY } from '@mcp-tasks/store-testing';
import { sqliteStore } from '../../src/index.ts';

const CHAINS = 6;
const UPDATES_PER_TASK = 5;

const { path, owner } = parameterOfProcess() as { readonly path: string; readonly owner: string };
const store = sqliteStore({ path });
await store.open();

async function writeOnAndOn(): Promise<void> {
  for (;;) {
    const head = newHead({ owner });
    await store.create({ head, entries: [{ kind: 'call', name: '', value: '{}' }], limits: ROOMY, nowMs: NOW_MS });
    process.stdout.write(`${head.taskId} 1\n`);
    for (let version = 1, expected = head; version <= UPDATES_PER_TASK; version += 1) {
      const outcome = await store.update(checkpoint(expected, `step-${version}`));
      if (outcome.status !== 'updated') throw new TypeError(`An update answered ${outcome.status}.`);
      expected = outcome.head;
      process.stdout.write(`${head.taskId} ${version + 1}\n`);
    }
  }
}

await Promise.all(Array.from({ length: CHAINS }, writeOnAndOn));
