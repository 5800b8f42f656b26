import { entryBytes, JOIN_STATES, TASK_ENTRY_KINDS, type TaskEntry, type TaskHead } from '@mcp-tasks/store';
import { newHead, NOW_MS, ROOMY } from '@mcp-tasks/store-testing';
import { TASK_STATUSES } from '@mcp-tasks/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openStore, temporaryFile } from './support/database.ts';
import { DRIVERS } from './support/drivers.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('', '\0', 'a\0b', '\uFEFFx', "';--"),
);
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const anyNumber = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.double({ min: 0, max: 1e15, noNaN: true }));

const anyHead: fc.Arbitrary<Partial<TaskHead>> = fc.record({
  owner: anyText,
  writeId: anyText,
  status: fc.constantFrom(...TASK_STATUSES),
  statusMessage: optional(anyText),
  progress: optional(fc.record({ done: anyNumber, message: anyText })),
  createdAtMs: anyNumber,
  lastUpdatedAtMs: anyNumber,
  ttlMs: anyNumber,
  pollIntervalMs: anyNumber,
  handler: anyText,
  queue: anyText,
  callDigest: anyText,
  ttlRequested: optional(fc.boolean()),
  attempt: fc.nat(),
  crashCount: fc.nat(),
  holder: optional(anyText),
  dueAtMs: fc.option(anyNumber, { nil: null }),
  openQuestions: fc.array(anyText, { maxLength: 3 }),
  resultError: optional(anyText),
  progressAtMs: optional(anyNumber),
  joinKey: optional(anyText),
  joinState: optional(fc.constantFrom(...JOIN_STATES)),
});

const anyEntries: fc.Arbitrary<TaskEntry[]> = fc.uniqueArray(
  fc.record({ kind: fc.constantFrom(...TASK_ENTRY_KINDS), name: anyText, value: anyText }),
  { selector: ({ kind, name }) => `${kind} ${name}`, maxLength: 8 },
);

const sorted = (entries: readonly TaskEntry[]) =>
  entries.map(({ kind, name, value }) => JSON.stringify([kind, name, value])).sort();

describe.each(DRIVERS)('with $name', ({ open }) => {
  it('[STOR-04] gives every record back as it was, whatever text and numbers it holds', async () => {
    const database = open(temporaryFile());
    const store = await openStore({ database });
    await fc.assert(
      fc.asyncProperty(anyHead, anyEntries, async (fields, entries) => {
        const head = Object.fromEntries(
          Object.entries(newHead({ ...fields, expiresAtMs: NOW_MS + 1 })).filter(([, value]) => value !== undefined),
        ) as unknown as TaskHead;
        await store.create({
          head,
          entries,
          limits: ROOMY,
          nowMs: NOW_MS,
        });
        const records = await store.get({ taskIds: [head.taskId], kinds: TASK_ENTRY_KINDS, nowMs: NOW_MS });
        const sum = entries.reduce((bytes, entry) => bytes + entryBytes(entry), 0);
        expect(records.map((record) => record.head)).toEqual([{ ...head, entryBytes: sum }]);
        expect(sorted(records[0]?.entries ?? [])).toEqual(sorted(entries));
      }),
      { numRuns: 150 },
    );
    await store.close();
    database.close();
  });
});
