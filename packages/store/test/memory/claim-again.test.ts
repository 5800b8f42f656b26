import { describe, expect, it } from 'vitest';
import { newWriteId, type TaskHint } from '../../src/index.ts';
import { resend } from '../../src/rules.ts';
import { settled } from '../fake-clock.ts';
import { aroundStore, failing } from '../faulty-store.ts';
import { firstWrite, newClaim, T0_MS } from '../heads.ts';
import { claimedIds, storeOf } from './memory-stores.ts';

const noWait = {
  nowMs: () => T0_MS,
  after: (_delayMs: number, callback: () => void) => (queueMicrotask(callback), () => undefined),
};

describe('a claim of the memory store that is sent again', () => {
  it('[DURA-08] after a lost answer answers what it claimed, and claims nothing more', async () => {
    const store = await storeOf({}, {}, {}, {});
    const losing = aroundStore(store, { afterClaim: failing((call) => call <= 2) });
    const send = () => losing.claim(newClaim({ limit: 2, kinds: ['call'] }));
    const outcome = await send().catch((error: unknown) => resend(noWait, send, error));
    expect(claimedIds(outcome)).toEqual(['task-0', 'task-1']);
    expect(outcome.nextDueAtMs).toBe(T0_MS);
    for (const { head, entries } of outcome.records) {
      expect(head).toMatchObject({ attempt: 1, version: 2, crashCount: 0 });
      expect(entries).toHaveLength(1);
    }
    const other = await store.claim(newClaim({ writeId: newWriteId() }));
    expect(claimedIds(other)).toEqual(['task-2', 'task-3']);
  });

  it('[DURA-08] sends no second hint', async () => {
    const store = await storeOf({});
    await store.claim(newClaim());
    const hints: TaskHint[] = [];
    await store.watch((hint) => hints.push(hint));
    await store.claim(newClaim());
    await settled();
    expect(hints).toEqual([]);
  });

  it('[DURA-08] leaves out what another call wrote since, and what expired', async () => {
    const store = await storeOf({}, {}, { ttlMs: 5 }, {});
    await store.claim(newClaim());
    const expected = { version: 2, writeId: 'claimed' };
    await store.update(
      firstWrite({ taskId: 'task-1', expected, patch: { head: { status: 'cancelled', dueAtMs: null } } }),
    );
    expect(claimedIds(await store.claim(newClaim({ nowMs: T0_MS + 4 })))).toEqual(['task-0', 'task-2', 'task-3']);
    expect(claimedIds(await store.claim(newClaim({ nowMs: T0_MS + 5 })))).toEqual(['task-0', 'task-3']);
  });

  it('[DURA-08] claims nothing when all that it claimed was written since, though more is due', async () => {
    const store = await storeOf({}, {});
    await store.claim(newClaim({ limit: 1 }));
    const expected = { version: 2, writeId: 'claimed' };
    await store.update(firstWrite({ taskId: 'task-0', expected, patch: { head: { dueAtMs: T0_MS, holder: null } } }));
    expect(await store.claim(newClaim({ limit: 1 }))).toEqual({ records: [], nextDueAtMs: T0_MS });
  });

  it('[DURA-08] still answers a task whose lease was renewed meanwhile, with its new end', async () => {
    const store = await storeOf({});
    await store.claim(newClaim());
    await store.renew({
      leases: [{ taskId: 'task-0', attempt: 1, holder: 'here' }],
      leaseMs: 20_000,
      nowMs: T0_MS + 9,
    });
    const { records } = await store.claim(newClaim({ nowMs: T0_MS + 9 }));
    expect(records).toMatchObject([{ head: { version: 2, writeId: 'claimed', dueAtMs: T0_MS + 20_009 } }]);
  });
});
