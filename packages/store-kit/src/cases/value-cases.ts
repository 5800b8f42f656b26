import assert from 'node:assert/strict';
import { DEFAULT_LIMITS, type TaskEntry } from '@mcp-tasks/store';
import {
  assertSameEntries,
  assertSameHead,
  creation,
  mustRead,
  newTask,
  stored,
  updateAt,
  writeIdOf,
} from '../sides/records.ts';
import { contractCase } from './case-kit.ts';

/** Names that a store must keep apart, byte by byte. */
export const HOSTILE_TEXTS = [
  'a',
  'A',
  'a ',
  ' a',
  'a\0',
  '\0',
  'a\0b',
  'a:b',
  "it's",
  'say "no"',
  '`$(rm -rf /)`',
  'a/b\\c',
  '%',
  '_',
  'a%',
  '{tag}',
  '*',
  'naïve',
  'nai\u0308ve',
  'ß',
  'ss',
  '\u{1F600}',
  '\u{1F600}\u{200D}',
  '日本',
  '\u202E',
  '\uFEFFa',
  '\n',
  '\r\n',
  '__proto__',
  'constructor',
  'null',
  '1',
  '01',
];

/** JSON texts that parsing and writing again would change. */
const DELICATE_VALUES = [
  '{"b":1,"a":2,"b":3}',
  ' { "a" : 1 } ',
  '1e400',
  '-0',
  '0.1000',
  '12345678901234567890',
  '"\\u0000\\ud83d\\ude00"',
  '"\u{1F600} ü \\/"',
  '[]',
  'null',
  '""',
  JSON.stringify('x\ny\tz'),
];

/** Promise 3, for what is in a record. */
export const valueCases = [
  contractCase(
    { id: 'values-opaque', promise: 3, title: '[STOR-04] keeps entry values byte for byte' },
    async ({ store, other, nowMs }) => {
      const entries = DELICATE_VALUES.map((value, index): TaskEntry => ({
        kind: 'variable',
        name: `v${index}`,
        value,
      }));
      const head = newTask(nowMs);
      await stored(store, head, entries);
      assertSameEntries((await mustRead(other, head.taskId, nowMs)).entries, entries, 'values after create');
      const put = DELICATE_VALUES.map((value, index): TaskEntry => ({ kind: 'answer', name: `v${index}`, value }));
      await store.update(updateAt(head.taskId, 1, { head: {}, put }, nowMs));
      const record = await mustRead(other, head.taskId, nowMs);
      assertSameEntries(record.entries, [...entries, ...put], 'values after update');
    },
  ),

  contractCase(
    { id: 'names-apart', promise: 3, title: '[STOR-04] keeps entries of any two names or kinds apart' },
    async ({ store, nowMs }) => {
      const head = newTask(nowMs);
      const entries = ['', ...HOSTILE_TEXTS].flatMap((name): TaskEntry[] => [
        { kind: 'variable', name, value: JSON.stringify(`variable ${name}`) },
        { kind: 'checkpoint', name, value: JSON.stringify(`checkpoint ${name}`) },
      ]);
      await stored(store, head, entries);
      assertSameEntries((await mustRead(store, head.taskId, nowMs)).entries, entries, 'entries with strange names');
      const gone = entries.filter((_, index) => index % 4 === 0);
      await store.update(updateAt(head.taskId, 1, { head: {}, delete: gone }, nowMs));
      const left = entries.filter((entry) => !gone.includes(entry));
      assertSameEntries((await mustRead(store, head.taskId, nowMs)).entries, left, 'entries after some were deleted');
    },
  ),

  contractCase(
    { id: 'heads-text', promise: 3, title: '[STOR-04] keeps any text and any number in a head' },
    async ({ store, other, nowMs }) => {
      for (const text of HOSTILE_TEXTS) {
        const head = newTask(nowMs, {
          handler: text,
          statusMessage: text,
          holder: text,
          resultError: text,
          openQuestions: [text, `${text}${text}`],
          progress: { done: 0.1 + 0.2, total: 1e21, message: text },
        });
        await stored(store, head);
        assertSameHead((await mustRead(other, head.taskId, nowMs)).head, head, `a head with ${JSON.stringify(text)}`);
      }
    },
  ),

  contractCase(
    { id: 'limits-head', promise: 3, title: '[STOR-03][INTG-09] keeps a head of 16 KiB and the largest times' },
    async ({ store, other, nowMs }) => {
      const longest = 8_640_000_000_000_000;
      const openQuestions = Array.from(
        { length: DEFAULT_LIMITS.maxOpenQuestions },
        (_, index) => `${index}${'q'.repeat(700)}`,
      );
      const head = newTask(nowMs, {
        owner: 'é'.repeat(DEFAULT_LIMITS.maxOwnerBytes / 2),
        statusMessage: '\u{1F600}'.repeat(DEFAULT_LIMITS.maxStatusMessageBytes / 4),
        resultError: '\0'.repeat(300),
        openQuestions,
        ttlMs: Number.MAX_SAFE_INTEGER,
        expiresAtMs: longest,
        pollIntervalMs: Number.MAX_SAFE_INTEGER,
        attempt: 2 ** 31,
        crashCount: 2 ** 31,
      });
      const outcome = await store.create(creation(head));
      assert.equal(outcome.status, 'created');
      assertSameHead((await mustRead(other, head.taskId, longest - 1)).head, head, 'the largest head after create');
      const patch = {
        head: { expiresAtMs: longest - 1, dueAtMs: longest - 2, openQuestions: [...openQuestions].reverse() },
      };
      await store.update(updateAt(head.taskId, 1, patch, nowMs));
      const expected = { ...head, ...patch.head, version: 2, writeId: writeIdOf(2) };
      assertSameHead((await mustRead(other, head.taskId, longest - 2)).head, expected, 'the largest head after update');
    },
  ),

  contractCase(
    {
      id: 'limits-entries',
      promise: 3,
      title: '[STOR-03] keeps arguments of 1 MiB, a checkpoint of 1 MiB and a result of 4 MiB',
    },
    async ({ store, other, nowMs }) => {
      const text = (bytes: number) => JSON.stringify('ü'.repeat((bytes - 2) / 2));
      const call: TaskEntry = { kind: 'call', name: '', value: text(DEFAULT_LIMITS.maxArgumentsBytes) };
      const put: TaskEntry[] = [
        { kind: 'checkpoint', name: 'big', value: text(DEFAULT_LIMITS.maxCheckpointBytes) },
        { kind: 'result', name: '', value: text(DEFAULT_LIMITS.maxResultBytes) },
      ];
      const head = newTask(nowMs);
      await stored(store, head, [call]);
      await store.update(updateAt(head.taskId, 1, { head: {}, put }, nowMs));
      const { entries } = await mustRead(other, head.taskId, nowMs);
      // Compared one by one: a difference of texts of this size must not be printed.
      for (const { kind, name, value } of [call, ...put]) {
        const found = entries.find((entry) => entry.kind === kind && entry.name === name);
        assert.ok(found?.value === value, `the largest ${kind} comes back changed`);
      }
      assert.equal(entries.length, 3);
    },
  ),

  contractCase(
    { id: 'limits-checkpoints', promise: 3, title: '[STOR-03] keeps 10,000 checkpoints of one task' },
    async ({ store, other, nowMs }) => {
      const BATCH = 500;
      const names = Array.from({ length: DEFAULT_LIMITS.maxCheckpoints }, (_, index) => `step ${index}`);
      const head = newTask(nowMs);
      await stored(store, head);
      for (let from = 0; from < names.length; from += BATCH) {
        const put = names
          .slice(from, from + BATCH)
          .map((name) => ({ kind: 'checkpoint' as const, name, value: `"${name}"` }));
        const expectedVersion = 1 + from / BATCH;
        const outcome = await store.update(updateAt(head.taskId, expectedVersion, { head: {}, put }, nowMs));
        assert.equal(outcome.status, 'updated');
      }
      const { entries } = await mustRead(other, head.taskId, nowMs);
      const found = new Map(entries.map(({ name, value }) => [name, value]));
      assert.equal(found.size, names.length, `${found.size} of ${names.length} checkpoints come back`);
      assert.ok(
        names.every((name) => found.get(name) === `"${name}"`),
        'a checkpoint comes back changed',
      );
    },
  ),
];
