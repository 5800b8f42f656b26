import { chmodSync } from 'node:fs';
import { dirname } from 'node:path';
import { NOW_MS, until } from '@mcp-tasks/store-testing';
import { startProcess } from '@mcp-tasks/store-testing/vitest';
import { describe, expect, it } from 'vitest';
import { openDatabase, openStore, temporaryFile } from './support/database.ts';

const KILLS = 5;

/** A process that writes, and the latest version of each task that it was told is stored. */
function startWriter(path: string, owner: string) {
  const { lines, kill } = startProcess(new URL('./support/writing-process.ts', import.meta.url), { path, owner });
  const hasWritten = (count: number) => {
    const target = lines.length + count;
    return until('writes', () => lines.length >= target);
  };
  const versions = () =>
    lines.map((line) => {
      const [taskId = '', version] = line.split(' ');
      return [taskId, Number(version)] as const;
    });
  return { versions, hasWritten, kill };
}

async function missingFrom(path: string, versions: ReadonlyMap<string, number>): Promise<readonly string[]> {
  const store = await openStore({ path });
  const records = await store.get({ taskIds: [...versions.keys()], kinds: ['call', 'checkpoint'], nowMs: NOW_MS });
  const found = new Map(records.map((record) => [record.head.taskId, record]));
  await store.close();
  return [...versions].flatMap(([taskId, version]) => {
    const record = found.get(taskId);
    if (record === undefined || record.head.version < version) return [`${taskId} ${version}`];
    // Each write after the first put one checkpoint: head and entries are of one moment.
    return record.entries.length === record.head.version ? [] : [`${taskId} has ${record.entries.length} entries`];
  });
}

describe('a process that is killed while it writes', () => {
  it(`[DURA-01] has lost nothing of what was acknowledged, ${KILLS} times over`, async () => {
    const path = temporaryFile();
    const acknowledged = new Map<string, number>();
    for (let round = 0; round < KILLS; round += 1) {
      const writer = startWriter(path, 'owner');
      await writer.hasWritten(1 + Math.floor(Math.random() * 200));
      await writer.kill();
      for (const [taskId, version] of writer.versions()) acknowledged.set(taskId, version);
      expect(await missingFrom(path, acknowledged)).toEqual([]);
    }
    expect(openDatabase(path).prepare('PRAGMA integrity_check').get({})).toEqual({ integrity_check: 'ok' });
  }, 120_000);

  it('[DURA-07] does not hold up another process on the same file, nor takes anything from it', async () => {
    const path = temporaryFile();
    const [killed, other] = [startWriter(path, 'killed'), startWriter(path, 'other')];
    await Promise.all([killed.hasWritten(20), other.hasWritten(20)]);
    await killed.kill();
    await other.hasWritten(50);
    await other.kill();
    expect(await missingFrom(path, new Map([...killed.versions(), ...other.versions()]))).toEqual([]);
  });
});

describe('a file that this user may not write', () => {
  it('is refused at start with an error that says what to allow', async () => {
    const path = temporaryFile();
    const store = await openStore({ path });
    await store.close();
    chmodSync(path, 0o444);
    chmodSync(dirname(path), 0o555);
    const { lines, ended } = startProcess(new URL('./support/opening-process.ts', import.meta.url), { path });
    expect(await ended).toBe(0);
    chmodSync(dirname(path), 0o755);
    expect(JSON.parse(lines.join())).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      retryable: false,
      message: expect.stringMatching(/let this process write/) as string,
    });
  });
});
