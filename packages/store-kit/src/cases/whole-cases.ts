import assert from 'node:assert/strict';
import { TaskError, type TaskStore } from '@mcp-tasks/store';
import {
  assertSameEntries,
  assertSameHead,
  creation,
  limitsOf,
  mustRead,
  newTask,
  readTask,
  stored,
  updateAt,
  writeIdOf,
} from '../sides/records.ts';
import type { WrittenTask } from '../sides/sides.ts';
import { inTime, until } from '../sides/until.ts';
import { TWIN_ENTRIES, writeOnAndOn } from '../sides/write-on-and-on.ts';
import { type CaseKit, contractCase } from './case-kit.ts';

const CRASHES = 3;

/** Calls of every method, under way. */
function everyCall(store: TaskStore, nowMs: number): Promise<unknown>[] {
  const head = newTask(nowMs);
  const { taskId } = head;
  const calls = [
    store.create(creation(head)),
    store.get({ taskIds: [taskId], kinds: ['call'], nowMs }),
    store.update(updateAt(taskId, 1, { head: {} }, nowMs)),
    store.list({ owner: 'owner', limit: 5, nowMs }),
    store.due({ handlers: ['tool'], queues: [''], limit: 5, nowMs }),
    store.renew({ leases: [{ taskId, attempt: 1, holder: 'process-1' }], leaseMs: 1, nowMs }),
    store.deleteExpired({ nowMs, limit: 5 }),
  ];
  return store.watch === undefined ? calls : [...calls, store.watch(() => undefined)];
}

/** Whether each call was answered; fails for a call that ended in another way than a store may. */
async function settle(calls: readonly Promise<unknown>[], codes: readonly string[]): Promise<boolean[]> {
  const ends = await inTime('calls under way when the store was closed', Promise.allSettled(calls));
  return ends.map((end) => {
    if (end.status === 'fulfilled') return true;
    const reason: unknown = end.reason;
    const isTyped = TaskError.is(reason) && codes.includes(reason.code);
    assert.ok(isTyped, `a call of a closed store failed with ${String(reason)} instead of ${codes.join(' or ')}`);
    return false;
  });
}

/**
 * Let a process write without end, and die. Answers every write that was acknowledged, and a connection that goes on.
 */
async function crashWhileWriting(
  kit: CaseKit,
  owner: string,
): Promise<{ readonly store: TaskStore; readonly written: readonly WrittenTask[] }> {
  const written: WrittenTask[] = [];
  const enough = 8 + Math.floor(Math.random() * 40);
  const isEnough = () => written.length >= enough;
  const onWritten = (task: WrittenTask) => written.push(task);
  if (kit.data.process !== undefined) {
    const side = await kit.startProcess();
    side.writeUntilKilled(owner, kit.nowMs, onWritten);
    await until('a write of the second process', isEnough);
    await side.kill();
    return { store: kit.other, written };
  }
  assert.ok(
    kit.data.crash,
    'the harness names neither a `process` nor a `crash`: a store that cannot outlive one skips this case',
  );
  const dying = await kit.connect();
  const end = writeOnAndOn(dying, owner, kit.nowMs, onWritten).catch((error: unknown) => error);
  await until('a write', isEnough);
  await kit.data.crash();
  await inTime('writing after the crash', Promise.race([end, dying.close().catch(() => undefined)]));
  return { store: await kit.connect(), written };
}

/** Cases about a store as a whole. */
export const wholeCases = [
  contractCase(
    {
      id: 'close-settles',
      promise: 10,
      title:
        '[STOR-01] ends every call when it is closed in the middle of work, and refuses all later ones as STORE_CLOSED',
    },
    async ({ connect, nowMs }) => {
      const store = await connect();
      const calls = [...everyCall(store, nowMs), ...everyCall(store, nowMs), ...everyCall(store, nowMs)];
      const closing = store.close();
      await settle(calls, ['STORE_CLOSED', 'STORE_UNAVAILABLE']);
      await inTime('close', closing);
      await inTime('a second close', store.close());
      const answered = await settle(everyCall(store, nowMs), ['STORE_CLOSED']);
      assert.ok(!answered.includes(true), 'a closed store answers calls');
    },
  ),

  contractCase(
    {
      id: 'close-leaves-data',
      promise: 10,
      title:
        '[DURA-01][DURA-07] leaves what was acknowledged, and every other connection, as they are when one is closed',
    },
    async ({ store, connect, nowMs }) => {
      const closing = await connect();
      const hints: string[] = [];
      const end = await store.watch?.(({ taskId }) => hints.push(taskId));
      const heads = Array.from({ length: 20 }, () => newTask(nowMs));
      const calls = heads.map((head) => closing.create(creation(head)));
      const closed = closing.close();
      const answered = await settle(calls, ['STORE_CLOSED', 'STORE_UNAVAILABLE']);
      await inTime('close', closed);
      for (const [index, head] of heads.entries()) {
        const record = await readTask(store, head.taskId, nowMs);
        if (answered[index] === true) assert.ok(record, 'an acknowledged task is gone with its connection');
      }
      const [written, writer] = [newTask(nowMs), await connect()];
      await stored(writer, written);
      await writer.update(updateAt(written.taskId, 1, { head: {} }, nowMs));
      if (end !== undefined)
        await until('a hint after another connection was closed', () => hints.includes(written.taskId));
      await end?.();
    },
  ),

  contractCase(
    {
      id: 'reopen-keeps',
      promise: 10,
      title:
        '[DURA-01] keeps tasks, entries, keys and quotas when the last connection is closed and the data are opened again',
    },
    async ({ store, other, connect, nowMs }) => {
      const limits = limitsOf(1, 9);
      const head = newTask(nowMs, { dueAtMs: nowMs, statusMessage: 'half' });
      const entries = [{ kind: 'checkpoint' as const, name: 'step', value: '1' }];
      await store.create(creation(head, { entries, limits, idempotencyKey: 'key' }));
      await Promise.all([store.close(), other.close()]);

      const again = await connect();
      const record = await mustRead(again, head.taskId, nowMs);
      assertSameHead(record.head, head, 'the head after the data were opened again');
      assertSameEntries(record.entries, entries, 'the entries after the data were opened again');
      assert.equal(
        (await again.due({ handlers: ['tool'], queues: [''], limit: 5, nowMs })).length,
        1,
        'nothing is due any more',
      );
      const repeated = await again.create(creation(newTask(nowMs), { limits, idempotencyKey: 'key' }));
      assert.equal(repeated.status, 'existing', 'the key is forgotten');
      const second = await again.create(creation(newTask(nowMs), { limits }));
      assert.equal(second.status, 'over-quota', 'the quota is forgotten');
    },
  ),

  contractCase(
    {
      id: 'open-together',
      promise: 10,
      title: '[DURA-06][DURA-07] opens many connections at once on data that nobody opened before',
    },
    async ({ connect, nowMs }) => {
      const stores = await Promise.all(Array.from({ length: 4 }, connect));
      const heads = stores.map(() => newTask(nowMs));
      await Promise.all(stores.map((store, index) => store.create(creation(heads[index] ?? newTask(nowMs)))));
      for (const store of stores) {
        const taskIds = heads.map(({ taskId }) => taskId);
        assert.equal(
          (await store.get({ taskIds, kinds: [], nowMs })).length,
          4,
          'a connection does not see what others wrote',
        );
      }
    },
  ),

  contractCase(
    {
      id: 'second-process',
      promise: 10,
      title: '[DURA-05][DURA-07] shows every write to another process as soon as it is acknowledged, and the reverse',
    },
    async ({ store, startProcess, nowMs }) => {
      const side = await startProcess();
      for (let count = 0; count < 5; count += 1) {
        const here = newTask(nowMs);
        await stored(store, here);
        const seen = await side.run('read', { taskIds: [here.taskId], kinds: [], nowMs });
        assert.equal(seen.output.length, 1, 'another process does not see an acknowledged task');

        const there = newTask(nowMs);
        await side.run('creates', { tasks: [creation(there)] });
        const patch = { head: { status: 'cancelled' as const } };
        await side.run('updates', { patches: [updateAt(there.taskId, 1, patch, nowMs)] });
        const expected = { ...there, ...patch.head, version: 2, writeId: writeIdOf(2) };
        assertSameHead((await mustRead(store, there.taskId, nowMs)).head, expected, 'a task of another process');
      }
    },
  ),

  contractCase(
    { id: 'crash-keeps', promise: 10, title: '[DURA-01] keeps every acknowledged write when its writer is killed' },
    async (kit) => {
      for (let crash = 1; crash <= CRASHES; crash += 1) {
        const { store, written } = await crashWhileWriting(kit, `owner ${crash}`);
        for (const { taskId, version } of written) {
          const record = await readTask(store, taskId, kit.nowMs);
          assert.ok(record, `a task that was acknowledged before crash ${crash} is gone`);
          assert.ok(
            record.head.version >= version,
            `version ${version} was acknowledged before crash ${crash} and is gone`,
          );
        }
      }
    },
  ),

  contractCase(
    {
      id: 'crash-whole',
      promise: 10,
      title: '[STOR-02][DURA-01] leaves no half of a write, and no lock, when its writer is killed',
    },
    async (kit) => {
      for (let crash = 1; crash <= CRASHES; crash += 1) {
        const owner = `owner ${crash}`;
        const { store } = await crashWhileWriting(kit, owner);
        const { heads } = await store.list({ owner, limit: 1_000, nowMs: kit.nowMs });
        assert.ok(heads.length > 0, 'nothing is left of a killed writer');
        for (const { taskId } of heads) {
          const update = async () => {
            const { head, entries } = await mustRead(store, taskId, kit.nowMs);
            assert.equal(head.statusMessage, `text ${head.version}`, 'a head is half written');
            const values = TWIN_ENTRIES.map((name) => entries.find((entry) => entry.name === name)?.value);
            assert.deepEqual(values, [head.statusMessage, head.statusMessage], 'entries are half written');
            const patch = { head: { status: 'cancelled' as const } };
            const write = store.update(updateAt(taskId, head.version, patch, kit.nowMs));
            return (await inTime('a write after the crash', write)).status;
          };
          // A server may finish the last write of the killed writer meanwhile, once.
          const status = await update();
          assert.equal(status === 'conflict' ? await update() : status, 'updated');
        }
      }
    },
  ),
];
