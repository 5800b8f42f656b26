import { sqliteStore } from '@mcp-tasks/store-sqlite';

/** The steps whose value is in the database, as `TASKID STEP`: read from outside, while no server runs. */
export async function storedSteps(database: string, taskIds: readonly string[]): Promise<ReadonlySet<string>> {
  const store = sqliteStore({ path: database });
  await store.open();
  try {
    const records = await store.get({ taskIds, kinds: ['checkpoint'], nowMs: Date.now() });
    return new Set(
      records.flatMap(({ head, entries }) =>
        entries.filter(({ kind }) => kind === 'checkpoint').map(({ name }) => `${head.taskId} ${name}`),
      ),
    );
  } finally {
    await store.close();
  }
}
