import { describe, expect, it } from 'vitest';
import { memoryStore, type TaskRecord, type TaskStore } from '../../src/index.ts';
import { applyRecordRule, applyRule, type RecordAccess, type RecordRule, rules } from '../../src/rules.ts';
import { fakeClock } from '../fake-clock.ts';
import { aroundStore, failing } from '../faulty-store.ts';
import { newTask, T0_MS } from '../heads.ts';

const noWait = {
  ...fakeClock(),
  after: (_delayMs: number, callback: () => void) => (queueMicrotask(callback), () => undefined),
};

async function storeWithTask(): Promise<TaskStore> {
  const store = memoryStore();
  await store.create(newTask({ dueAtMs: null }));
  return store;
}

function accessTo(store: TaskStore): RecordAccess & { readonly reads: number } {
  let reads = 0;
  return {
    get reads() {
      return reads;
    },
    async read() {
      reads += 1;
      const [record] = await store.get({ taskIds: ['task-1'], kinds: ['outcome'], nowMs: T0_MS });
      if (record === undefined) throw new Error('no task');
      return record;
    },
    write: (head, rule) => applyRule({ store, clock: noWait }, head, rule),
  };
}

const names = ({ entries }: TaskRecord) => entries.map(({ name }) => name).sort();

/** Adds an entry whose value says what was there; a second time it finds it. */
function adding(name: string): RecordRule<string> {
  return (record, nowMs) => {
    if (names(record).includes(name)) return { kind: 'done', value: 'there already' };
    const verdict = rules.outcome({ put: [{ kind: 'outcome', name, value: JSON.stringify(names(record)) }] })(
      record.head,
      nowMs,
    );
    return verdict.kind === 'refused' ? verdict : { ...verdict, value: 'added' };
  };
}

describe('applyRecordRule', () => {
  it('decides on the entries that are there and writes what it decides', async () => {
    const store = await storeWithTask();
    const access = accessTo(store);
    expect(await applyRecordRule(access, adding('a'))).toMatchObject({ value: 'added', wrote: true });
    expect(names(await access.read())).toEqual(['a']);
  });

  it('[STOR-06] reads again after a lost race: twenty at once each decide on what those before them wrote', async () => {
    const store = await storeWithTask();
    const writers = Array.from({ length: 20 }, (_, index) => `w${index}`);
    const outcomes = await Promise.all(writers.map((name) => applyRecordRule(accessTo(store), adding(name))));
    expect(outcomes.every(({ wrote }) => wrote)).toBe(true);
    const { entries } = await accessTo(store).read();
    expect(entries.map(({ name }) => name).sort()).toEqual(writers.sort());
    const seen = entries.map(({ value }) => (JSON.parse(value) as string[]).length).sort((a, b) => a - b);
    expect(seen).toEqual(writers.map((_, index) => index));
  });

  it('reads once when nobody interferes', async () => {
    const access = accessTo(await storeWithTask());
    await applyRecordRule(access, adding('a'));
    expect(access.reads).toBe(1);
  });

  it('[STOR-06] writes once when the answer to the write was lost', async () => {
    const store = await storeWithTask();
    const losing = aroundStore(store, { afterUpdate: failing((call) => call === 1) });
    const outcome = await applyRecordRule(accessTo(losing), adding('a'));
    expect(outcome).toMatchObject({ value: 'added', wrote: true, head: { version: 2 } });
  });

  it('[STOR-06] takes the effect of a write whose answer was lost for its own, also below another write', async () => {
    const store = await storeWithTask();
    const lose = failing((call) => call === 1);
    const losing = aroundStore(store, {
      async afterUpdate() {
        if (lose.calls === 0) await applyRecordRule(accessTo(store), adding('b'));
        lose();
      },
    });
    const outcome = await applyRecordRule(accessTo(losing), adding('a'));
    expect(outcome).toMatchObject({ value: 'there already', wrote: true });
    expect(names(await accessTo(store).read())).toEqual(['a', 'b']);
  });

  it('answers a rule that has nothing to write without a write', async () => {
    const store = await storeWithTask();
    const outcome = await applyRecordRule(accessTo(store), () => ({ kind: 'done', value: 'nothing' }));
    expect(outcome).toMatchObject({ value: 'nothing', wrote: false, head: { version: 1 } });
  });
});
