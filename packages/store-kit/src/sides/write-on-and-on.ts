import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import type { TaskStore } from '@mcp-tasks/store';
import { creation, newTask, updateAt } from './records.ts';
import type { WrittenTask } from './sides.ts';

/** Invariant of every write of {@link writeOnAndOn}: head and both entries say the same. */
export const TWIN_ENTRIES = ['one', 'other'] as const;

/**
 * Create tasks and update each some times, without end. Each write puts one text into the head and into two entries,
 * so that half of a write shows.
 */
export async function writeOnAndOn(
  store: TaskStore,
  owner: string,
  nowMs: number,
  onWritten: (written: WrittenTask) => void,
): Promise<never> {
  for (;;) {
    // A store that never waits would hold up everything else in this process.
    await setImmediate();
    const head = newTask(nowMs, { owner, statusMessage: 'text 1' });
    const { taskId } = head;
    const created = await store.create(creation(head, { entries: twins('text 1') }));
    assert.equal(created.status, 'created');
    onWritten({ taskId, version: 1 });
    for (let version = 1; version < 4; version += 1) {
      const statusMessage = `text ${version + 1}`;
      const patch = { head: { statusMessage }, put: twins(statusMessage) };
      const updated = await store.update(updateAt(taskId, version, patch, nowMs));
      assert.equal(updated.status, 'updated');
      onWritten({ taskId, version: version + 1 });
    }
  }
}

function twins(value: string) {
  return TWIN_ENTRIES.map((name) => ({ kind: 'variable' as const, name, value }));
}
