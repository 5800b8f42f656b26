import assert from 'node:assert/strict';
import { assertSameHead, mustRead, newTask, stored, updateOf } from '../sides/records.ts';
import { contractCase } from './case-kit.ts';

const ONE_SIDE = 6;

/** Promise 3 when writers race. */
export const updateRaceCases = [
  contractCase(
    {
      id: 'race-version',
      promise: 3,
      title:
        '[STOR-05][STOR-06][TEST-04] lets exactly one of many writers of one version win, and shows the others its head',
    },
    async ({ store, nowMs, contend }) => {
      await contend(async (race) => {
        const head = newTask(nowMs);
        const { taskId } = head;
        await stored(store, head);
        const patchesOf = (side: string) =>
          Array.from({ length: ONE_SIDE }, (_, index) => {
            const statusMessage = `${side} ${index}`;
            const put = [{ kind: 'variable' as const, name: statusMessage, value: '1' }];
            return updateOf(head, { head: { statusMessage }, put }, nowMs);
          });
        const [left, right] = await race(
          { racer: 'updates', input: { patches: patchesOf('left') } },
          { racer: 'updates', input: { patches: patchesOf('right') } },
        );
        const outcomes = [...left, ...right].map((outcome) => {
          assert.equal(outcome.status, 'answered', 'an update failed under contention');
          return outcome.answer;
        });
        const winners = outcomes.filter(({ status }) => status === 'updated');
        assert.equal(winners.length, 1, `${winners.length} of ${outcomes.length} writers of one version won`);
        const record = await mustRead(store, taskId, nowMs);
        assert.equal(record.head.version, 2);
        for (const outcome of outcomes) {
          assert.notEqual(outcome.status, 'not-found');
          if (outcome.status !== 'not-found')
            assertSameHead(outcome.head, record.head, 'a writer was shown another head');
        }
        const names = record.entries.map(({ name }) => name);
        assert.deepEqual(names, [record.head.statusMessage], 'a writer that lost left entries');
      });
    },
  ),

  contractCase(
    {
      id: 'race-all-written',
      promise: 3,
      title: '[STOR-05][DURA-07][TEST-04] loses no write of two writers that go on from the head a conflict answers',
    },
    async ({ store, nowMs, contend }) => {
      await contend(async (race) => {
        const head = newTask(nowMs);
        await stored(store, head);
        const namesOf = (side: string) => Array.from({ length: 2 * ONE_SIDE }, (_, index) => `${side} ${index}`);
        const names = [...namesOf('left'), ...namesOf('right')];
        await race(
          { racer: 'addEntries', input: { head, names: namesOf('left'), nowMs } },
          { racer: 'addEntries', input: { head, names: namesOf('right'), nowMs } },
        );
        const record = await mustRead(store, head.taskId, nowMs);
        assert.deepEqual(record.entries.map(({ name }) => name).sort(), names.sort(), 'entries of acknowledged writes');
        assert.equal(record.head.version, 1 + names.length, 'the version does not count the writes');
      });
    },
  ),

  contractCase(
    {
      id: 'race-reader',
      promise: 3,
      title: '[STOR-02][STOR-05][TEST-04] shows head and entries of one write together, never half of it',
    },
    async ({ store, nowMs, contend }) => {
      await contend(async (race) => {
        const head = newTask(nowMs, { statusMessage: 'text 0' });
        const twins = ['one', 'other'].map((name) => ({ kind: 'variable' as const, name, value: 'text 0' }));
        await stored(store, head, twins);
        const texts = Array.from({ length: 20 }, (_, index) => `text ${index + 1}`);
        const { taskId } = head;
        const [, sightings] = await race(
          { racer: 'writeText', input: { head, texts, nowMs } },
          { racer: 'readOften', input: { taskId, kinds: ['variable'], times: 20, nowMs } },
        );
        assert.equal(sightings.length, 20, 'a task could not be read while it was written');
        for (const { head: seen, values } of sightings) {
          const { statusMessage, version } = seen;
          assert.equal(statusMessage, `text ${version - 1}`, 'a head is of two versions');
          assert.deepEqual(
            values,
            { one: statusMessage, other: statusMessage },
            'entries are of another version than the head',
          );
        }
      });
    },
  ),
];
