import assert from 'node:assert/strict';
import { creation, limitsOf, mustRead, newTask } from '../sides/records.ts';
import { contractCase } from './case-kit.ts';
import { HOSTILE_TEXTS } from './value-cases.ts';

/** Owners that only a comparison by bytes tells apart; the last ones are 512 bytes long. */
const OWNERS = [
  ...HOSTILE_TEXTS,
  'é'.repeat(256),
  `${'é'.repeat(255)}e\u{7F}`,
  '\u{1F600}'.repeat(128),
  `${'\u{1F600}'.repeat(127)}\u{1F601}`,
  'x'.repeat(512),
  `${'x'.repeat(511)}y`,
  '\0'.repeat(512),
];

/** Promise 9. */
export const ownerCases = [
  contractCase(
    {
      id: 'owners-apart',
      promise: 9,
      title: '[SEC-02][SEC-03][TEST-07] keeps the tasks of any two owners apart, whatever bytes they are made of',
    },
    async ({ store, other, nowMs }) => {
      const heads = OWNERS.map((owner) => newTask(nowMs, { owner }));
      for (const head of heads) await store.create(creation(head));
      for (const { taskId, owner } of heads) {
        assert.equal((await mustRead(other, taskId, nowMs)).head.owner, owner, 'an owner comes back changed');
        const page = await other.list({ owner, limit: 10, nowMs });
        assert.deepEqual(
          page.heads.map((head) => head.taskId),
          [taskId],
          `the list of ${JSON.stringify(owner).slice(0, 40)}`,
        );
      }
    },
  ),

  contractCase(
    { id: 'owners-quota', promise: 9, title: '[SEC-04][TEST-07] counts the tasks of each owner for themselves' },
    async ({ store, nowMs }) => {
      const limits = limitsOf(1, 1);
      for (const expected of ['created', 'over-quota']) {
        for (const owner of OWNERS) {
          const { status } = await store.create(creation(newTask(nowMs, { owner }), { limits }));
          assert.equal(status, expected, `create by ${JSON.stringify(owner).slice(0, 40)}`);
        }
      }
    },
  ),

  contractCase(
    {
      id: 'owners-keys',
      promise: 9,
      title: '[SEC-02][TEST-07] confuses no pair of owner and idempotency key with another',
    },
    async ({ store, nowMs }) => {
      const texts = [...HOSTILE_TEXTS, '\u{1F600}'.repeat(128), `${'\u{1F600}'.repeat(127)}\u{1F601}`, 'k'.repeat(256)];
      const seams = ['\0', ':', '/', '|', ',', ' ', '"', '\n', '{}'];
      const pairs = [
        ...texts.flatMap((text) => [[text, 'a'] as const, ['a', text] as const]),
        ...seams.flatMap((seam) => [[`b${seam}c`, 'd'] as const, ['b', `c${seam}d`] as const]),
        ...seams.flatMap((seam) => [[`b${seam}`, 'c'] as const, ['b', `${seam}c`] as const]),
      ];
      const ids = new Map<string, string>();
      for (const again of [false, true]) {
        for (const [owner, idempotencyKey] of pairs) {
          const pair = JSON.stringify([owner, idempotencyKey]);
          const outcome = await store.create(creation(newTask(nowMs, { owner }), { idempotencyKey }));
          const known = ids.get(pair);
          assert.equal(outcome.status, known === undefined && !again ? 'created' : 'existing', `create by ${pair}`);
          assert.equal(outcome.head.taskId, known ?? outcome.head.taskId, `the task of ${pair}`);
          ids.set(pair, outcome.head.taskId);
        }
      }
    },
  ),
];
