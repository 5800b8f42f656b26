import type { Database } from './databases.ts';

/** What is stored of a workflow: how its task stands, and the outcomes by the names of their entries, as JSON. */
export interface StoredWorkflow {
  readonly status: string | undefined;
  /** `step:NAME` for each step that came to something, `extra:N` for each call that fit no step. */
  readonly outcomes: ReadonlyMap<string, string>;
}

/** Read what is stored of a workflow, from outside. */
export async function readOutcomes(database: Database, taskId: string): Promise<StoredWorkflow> {
  const store = database.connect();
  try {
    await store.open?.();
    const [record] = await store.get({ taskIds: [taskId], kinds: ['outcome'], nowMs: Date.now() });
    const entries = (record?.entries ?? []).filter(({ kind, name }) => kind === 'outcome' && name !== 'plan');
    return { status: record?.head.status, outcomes: new Map(entries.map(({ name, value }) => [name, value])) };
  } finally {
    await store.close();
  }
}

/** The outcomes of steps that were stored once and are gone, or are others now. */
export function lostOutcomes(before: StoredWorkflow, now: StoredWorkflow): readonly string[] {
  return [...before.outcomes].filter(([name, value]) => now.outcomes.get(name) !== value).map(([name]) => name);
}
