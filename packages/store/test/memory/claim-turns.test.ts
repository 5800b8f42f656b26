import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../any-text.ts';
import { newClaim, T0_MS } from '../heads.ts';
import { claimedIds, storeOf } from './memory-stores.ts';

const byBytes = (one: string, other: string) => Buffer.compare(Buffer.from(one), Buffer.from(other));
const owners = (store: Awaited<ReturnType<typeof storeOf>>, claim: Partial<ReturnType<typeof newClaim>>) =>
  store.claim(newClaim(claim)).then(({ records }) => records.map(({ head }) => head.owner));

/** Owners whose order by UTF-16 code units is another one: the last two of the basic plane come after the surrogates. */
const OWNERS = ['', 'a', 'a\0', 'b', '\u{e9}', '\ufefftext', '\uffff', '\u{10000}', '\u{10ffff}'];

describe('owners in a claim of the memory store', () => {
  it('[DURA-07] take turns in the order of their UTF-8 bytes, not of their code units', async () => {
    expect(OWNERS.toSorted()).not.toEqual(OWNERS);
    const store = await storeOf(...OWNERS.toReversed().map((owner) => ({ owner })));
    expect(await owners(store, {})).toEqual(OWNERS);
  });

  it('[DURA-07] go on after the owner that was last, and round to it', async () => {
    for (const [place, afterOwner] of OWNERS.entries()) {
      const store = await storeOf(...OWNERS.map((owner) => ({ owner })));
      const outcome = await store.claim(newClaim({ afterOwner }));
      const order = [...OWNERS.slice(place + 1), ...OWNERS.slice(0, place + 1)];
      expect(outcome.records.map(({ head }) => head.owner)).toEqual(order);
      expect(outcome.lastOwner).toBe(afterOwner);
    }
  });

  it('[DURA-07] go on after an owner that has no task now', async () => {
    const store = await storeOf({ owner: 'a' }, { owner: 'c' });
    expect(await owners(store, { afterOwner: 'b', limit: 1 })).toEqual(['c']);
    const rest = await store.claim(newClaim({ afterOwner: 'zz', writeId: 'rest' }));
    expect(rest.records.map(({ head }) => head.owner)).toEqual(['a']);
    expect(rest.lastOwner).toBe('a');
    const none = await store.claim(newClaim({ afterOwner: 'b', writeId: 'none' }));
    expect(none).not.toHaveProperty('lastOwner');
  });

  it('[DURA-07] get each task exactly once, whatever their names, when each claim goes on where the last one stopped', async () => {
    const names = fc.uniqueArray(anyText({ maxLength: 3 }), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        names,
        fc.array(fc.nat(11), { maxLength: 40 }),
        fc.integer({ min: 1, max: 5 }),
        async (all, places, limit) => {
          const tasks = places.map((place) => ({ owner: all[place % all.length] ?? '' }));
          const store = await storeOf(...tasks);
          const present = [...new Set(tasks.map(({ owner }) => owner))].sort(byBytes);
          const taken: string[] = [];
          let afterOwner: string | undefined;
          for (let turn = 0; ; turn += 1) {
            const outcome = await store.claim(newClaim({ perOwner: 1, limit, afterOwner, writeId: `claim-${turn}` }));
            taken.push(...outcome.records.map(({ head }) => head.owner));
            afterOwner = outcome.lastOwner ?? afterOwner;
            if (outcome.records.length === 0) break;
          }
          expect(taken).toHaveLength(tasks.length);
          // The first round has each owner once.
          expect(taken.slice(0, present.length)).toEqual(present);
        },
      ),
    );
  });

  it('[DURA-07] get as many tasks as there is room for them: perOwner, or their own number', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const store = await storeOf(...names.flatMap((owner) => [{ owner }, { owner }, { owner }, { owner }]));
    const rooms = [
      { owner: 'b', limit: 0 },
      { owner: 'c', limit: 3 },
      { owner: 'nobody', limit: 9 },
    ];
    const outcome = await store.claim(newClaim({ perOwner: 2, owners: rooms }));
    expect(outcome.records.map(({ head }) => head.owner).join('')).toBe('aacccdd');
    expect(outcome.lastOwner).toBe('d');
    expect(outcome.nextDueAtMs).toBe(T0_MS);
  });

  it('[DURA-07] stop where the limit is reached, and the next claim begins after that owner', async () => {
    const store = await storeOf(...['a', 'b', 'c'].flatMap((owner) => [{ owner }, { owner }]));
    const outcome = await store.claim(newClaim({ limit: 3 }));
    expect(outcome.records.map(({ head }) => head.owner)).toEqual(['a', 'a', 'b']);
    expect(outcome.lastOwner).toBe('b');
    expect(await owners(store, { afterOwner: 'b', writeId: 'next' })).toEqual(['c', 'c', 'b']);
  });

  it('[DURA-07] are looked at 64 + 4 x limit at most, and the next claim goes on from there', async () => {
    const nameOf = (number: number) => `owner-${String(number).padStart(3, '0')}`;
    const names = Array.from({ length: 100 }, (_, number) => nameOf(number));
    const store = await storeOf(...names.map((owner) => ({ owner })));
    const rooms = names.slice(0, 80).map((owner) => ({ owner, limit: 0 }));
    const first = await store.claim(newClaim({ limit: 2, owners: rooms }));
    expect(first).toMatchObject({ records: [], lastOwner: nameOf(71), nextDueAtMs: T0_MS });
    const second = await store.claim(newClaim({ limit: 2, owners: rooms, afterOwner: nameOf(71), writeId: 'second' }));
    expect(claimedIds(second)).toEqual(['task-80', 'task-81']);
    expect(second.lastOwner).toBe(nameOf(81));
  });

  it('[DURA-07] with nothing but sleeping tasks are not looked at', async () => {
    const sleepers = Array.from({ length: 200 }, (_, number) => ({ owner: `a-${number}`, dueAtMs: T0_MS + 1 }));
    const store = await storeOf(...sleepers, { owner: 'b' });
    expect(await owners(store, { limit: 1 })).toEqual(['b']);
  });
});
