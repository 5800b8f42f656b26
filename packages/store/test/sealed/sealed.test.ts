import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  memoryStore,
  PORT_VERSION,
  sealed,
  type SealedOptions,
  type SealKey,
  TASK_ENTRY_KINDS,
  type TaskEntry,
  type TaskRecord,
  type TaskStore,
} from '../../src/index.ts';
import { anyText } from '../any-text.ts';
import { CALL, newClaim, newTask, T0_MS } from '../heads.ts';

const key = (id: string, fill: number): SealKey => ({ id, secret: new Uint8Array(32).fill(fill) });
const [OLD, NEW] = [key('old', 1), key('new', 2)];
const SECRET_TEXT = 'a plain text that nobody may see';
const RESULT: TaskEntry = { kind: 'result', name: '', value: JSON.stringify(SECRET_TEXT) };

const corrupt = (taskId: string, message: RegExp) => ({
  code: 'STORE_CORRUPT_RECORD',
  retryable: false,
  details: { taskId },
  message: expect.stringMatching(message) as string,
});

/** A memory store and the same store sealed. */
function stores(options: SealedOptions = { keys: [OLD] }): { readonly inner: TaskStore; readonly store: TaskStore } {
  const inner = memoryStore();
  return { inner, store: sealed(inner, options) };
}

const read = (store: TaskStore, ...taskIds: string[]): Promise<readonly TaskRecord[]> =>
  store.get({ taskIds, kinds: TASK_ENTRY_KINDS, nowMs: T0_MS });

async function readOne(store: TaskStore, taskId = 'task-1'): Promise<TaskRecord> {
  const [record] = await read(store, taskId);
  if (record === undefined) throw new TypeError(`There is no task ${taskId}.`);
  return record;
}

const valueOf = async (store: TaskStore, taskId = 'task-1'): Promise<string> =>
  (await readOne(store, taskId)).entries[0]?.value ?? '';

/** Put entries into a store past its seal, or through it. */
async function put(store: TaskStore, taskId: string, ...entries: TaskEntry[]): Promise<void> {
  const { head } = await readOne(store, taskId);
  const patch = { head: {}, put: entries };
  const writeId = `put in version ${head.version}`;
  await store.update({ taskId, expected: head, writeId, patch, nowMs: T0_MS });
}

describe('what a sealed store keeps', () => {
  it('[BOUN-07] is JSON text that shows nothing of a value, from create as from update', async () => {
    const { inner, store } = stores();
    await store.create(newTask({}, { entries: [RESULT] }));
    await put(store, 'task-1', { kind: 'variable', name: 'v', value: JSON.stringify({ SECRET_TEXT }) });
    const { entries } = await readOne(inner);
    expect(entries).toHaveLength(2);
    for (const { value } of entries) {
      expect(JSON.parse(value)).toMatch(/^sealed:1:old:[\w-]{40,}$/);
      expect(Buffer.from(value.split(':')[3] ?? '', 'base64url').toString('latin1')).not.toContain('plain text');
    }
  });

  it('[BOUN-07] differs for equal values, so that nobody can tell them to be equal', async () => {
    const { inner, store } = stores();
    const names = Array.from({ length: 100 }, (_, index) => ({ ...CALL, kind: 'variable' as const, name: `${index}` }));
    await store.create(newTask({}, { entries: names }));
    // The nonce is the first 16 characters: nothing after it may depend on the value alone.
    const begins = (await readOne(inner)).entries.map(({ value }) => (value.split(':')[3] ?? '').slice(0, 16));
    expect(new Set(begins).size).toBe(100);
  });

  it('[BOUN-07] leaves the head and the names of entries as they are', async () => {
    const { inner, store } = stores();
    const task = newTask({ statusMessage: 'half way', openQuestions: ['q'] });
    await store.create(task);
    const { head, entries } = await readOne(inner);
    expect(head).toEqual({ ...task.head, entryBytes: entries[0]?.value.length });
    expect((await readOne(store)).head).toEqual(head);
    expect(entries.map(({ kind, name }) => ({ kind, name }))).toEqual([{ kind: 'call', name: '' }]);
  });

  it('[BOUN-07] opens again, whatever names and values are', async () => {
    const kinds = fc.constantFrom(...TASK_ENTRY_KINDS);
    const anyEntry = fc.record({ kind: kinds, name: anyText({ maxLength: 20 }), value: anyText({ maxLength: 200 }) });
    await fc.assert(
      fc.asyncProperty(anyText({ minLength: 1, maxLength: 20 }), anyEntry, async (taskId, entry) => {
        const { store } = stores();
        await store.create(newTask({ taskId }, { entries: [entry] }));
        expect((await readOne(store, taskId)).entries).toEqual([entry]);
      }),
    );
  });

  it('[BOUN-07] comes back from a claim', async () => {
    const { store } = stores();
    await store.create(newTask());
    const { records } = await store.claim(newClaim({ kinds: ['call'] }));
    expect(records.map(({ entries }) => entries)).toEqual([[CALL]]);
  });

  it('[BOUN-07] is opened only of the kinds that are asked for', async () => {
    const { inner, store } = stores();
    await store.create(newTask());
    await put(inner, 'task-1', { kind: 'result', name: '', value: '"sealed:1:old:AAAA"' });
    const wordy: TaskStore = sealed(Object.assign(memoryStore(), { get: () => read(inner, 'task-1') }), {
      keys: [OLD],
    });
    const [record] = await wordy.get({ taskIds: ['task-1'], kinds: ['call'], nowMs: T0_MS });
    expect(record?.entries).toEqual([CALL]);
  });

  it('[BOUN-07] is written once, however often an update is sent', async () => {
    const { inner, store } = stores();
    await store.create(newTask());
    const { head } = await readOne(store);
    const update = {
      taskId: 'task-1',
      expected: head,
      writeId: 'again',
      patch: { head: {}, put: [RESULT] },
      nowMs: T0_MS,
    };
    const first = await store.update(update);
    const kept = await readOne(inner);
    expect(await store.update(update)).toEqual(first);
    expect(await readOne(inner)).toEqual(kept);
  });
});

describe('a value that is not as it was sealed', () => {
  const message = /entry of kind "call" of task task-1 cannot be opened/;

  it('[BOUN-07] is found out at each of its characters, and when it is cut or grows', async () => {
    const { inner, store } = stores();
    await store.create(newTask());
    const whole = await valueOf(inner);
    const changed = Array.from(whole, (character, index) => {
      const other = character === 'A' ? 'B' : 'A';
      return whole.slice(0, index) + other + whole.slice(index + 1);
    });
    const cut = Array.from(whole, (_, index) => whole.slice(0, index));
    const cutInside = Array.from(whole, (_, index) => `${whole.slice(0, index)}"`).slice(0, -1);
    const longer = [`${whole} `, ` ${whole}`, whole.replace(/"$/, 'A"'), whole.replace(/"$/, '="')];
    for (const value of [...changed, ...cut, ...cutInside, ...longer]) {
      await put(inner, 'task-1', { ...CALL, value });
      await expect(readOne(store), value).rejects.toMatchObject(corrupt('task-1', message));
    }
    await put(inner, 'task-1', { ...CALL, value: whole });
    expect((await readOne(store)).entries).toEqual([CALL]);
  });

  it.each([
    ['task', 'task-2', { ...CALL }],
    ['kind', 'task-1', { ...CALL, kind: 'result' as const }],
    ['name', 'task-1', { ...CALL, name: 'other' }],
  ])('[BOUN-07] is found out when it is moved to another %s', async (_where, taskId, place) => {
    const { inner, store } = stores();
    await store.create(newTask());
    await store.create(newTask({ taskId: 'task-2' }, { entries: [] }));
    await put(inner, taskId, { ...place, value: await valueOf(inner) });
    await expect(readOne(store, taskId)).rejects.toMatchObject(corrupt(taskId, /It was changed or moved/));
  });

  it('[BOUN-07] is not mistaken for that of another task or name whose texts join to the same', async () => {
    const { inner, store } = stores();
    await store.create(newTask({ taskId: 'a","call' }, { entries: [{ ...CALL, name: 'b' }] }));
    await store.create(newTask({ taskId: 'a' }, { entries: [] }));
    await put(inner, 'a', { ...CALL, name: 'call","b', value: await valueOf(inner, 'a","call') });
    await expect(readOne(store, 'a')).rejects.toMatchObject(corrupt('a', /It was changed or moved/));
  });

  it('[BOUN-07] is left out among several tasks, and does not disturb the others', async () => {
    const { inner, store } = stores();
    for (const taskId of ['first', 'bad', 'last']) await store.create(newTask({ taskId }));
    await put(inner, 'bad', { ...CALL, value: '{}' });
    expect((await read(store, 'first', 'bad', 'last')).map(({ head }) => head.taskId)).toEqual(['first', 'last']);
    await expect(read(store, 'bad', 'bad')).rejects.toMatchObject(corrupt('bad', /is not sealed/));
    const [head] = await store.get({ taskIds: ['bad'], kinds: [], nowMs: T0_MS });
    expect(head).toMatchObject({ head: { taskId: 'bad' }, entries: [] });
  });
});

describe('an error of a sealed store', () => {
  it('[BOUN-07] shows no key, no plain text and no sealed one', async () => {
    const secret = Buffer.from('k'.repeat(32));
    const inner = memoryStore();
    await sealed(inner, { keys: [OLD] }).create(newTask({}, { entries: [RESULT] }));
    const value = await valueOf(inner);
    for (const keys of [[{ id: 'old', secret }], [{ id: 'another', secret }]]) {
      const store = sealed(inner, { keys });
      const error: unknown = await readOne(store).catch((reason: unknown) => reason);
      const shown = [error, store].map((part) => inspect(part, { depth: 10, showHidden: true })).join();
      expect(shown).toContain('STORE_CORRUPT_RECORD');
      for (const text of [
        SECRET_TEXT,
        value.slice(20, 40),
        'kkkk',
        secret.toString('base64'),
        '6b 6b 6b 6b',
        '107, 107',
      ])
        expect(shown).not.toContain(text);
    }
  });

  it('[BOUN-07] is that of the store within, as it is', async () => {
    const { inner, store } = stores();
    await inner.close();
    await expect(readOne(store)).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    await expect(store.claim(newClaim())).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  });
});

describe('keys that rotate', () => {
  it('[BOUN-07] open what any of them sealed, and the first one seals', async () => {
    const { inner, store } = stores({ keys: [OLD] });
    await store.create(newTask());
    const rotated = sealed(inner, { keys: [NEW, OLD] });
    expect((await readOne(rotated)).entries).toEqual([CALL]);
    await put(rotated, 'task-1', CALL);
    expect(await valueOf(inner)).toMatch(/^"sealed:1:new:/);
    expect((await readOne(sealed(inner, { keys: [NEW] }))).entries).toEqual([CALL]);
    await expect(readOne(store)).rejects.toMatchObject(corrupt('task-1', /Its key is not among `keys`/));
  });

  it('[BOUN-07] are told from each other when one id has two secrets', async () => {
    const { inner, store } = stores({ keys: [OLD] });
    await store.create(newTask());
    const wrong = sealed(inner, { keys: [key('old', 3), NEW] });
    await expect(readOne(wrong)).rejects.toMatchObject(corrupt('task-1', /the key of its id has another secret/));
  });

  it('[BOUN-07] are copied, so that the caller may overwrite its own', async () => {
    const secret = new Uint8Array(32).fill(7);
    const { inner, store } = stores({ keys: [{ id: 'k', secret }] });
    secret.fill(0);
    await store.create(newTask());
    expect((await readOne(sealed(inner, { keys: [key('k', 7)] }))).entries).toEqual([CALL]);
  });
});

describe('a claim of tasks that do not open here', () => {
  const claimed = (store: TaskStore, nowMs: number) => store.claim(newClaim({ nowMs, kinds: TASK_ENTRY_KINDS }));

  it('[BOUN-07] gives them back as they were, due when the lease ends, for a process that has their key', async () => {
    const { inner, store } = stores({ keys: [NEW] });
    await store.create(newTask({ taskId: 'sealed with the new key' }));
    const old = sealed(inner, { keys: [OLD] });
    await old.create(newTask({ taskId: 'sealed with the old key' }));
    const leaseMs = newClaim().leaseMs;
    expect((await claimed(old, T0_MS)).records.map(({ head }) => head.taskId)).toEqual(['sealed with the old key']);
    const { head } = await readOne(store, 'sealed with the new key');
    expect(head).toMatchObject({ attempt: 0, crashCount: 0, dueAtMs: T0_MS + leaseMs });
    expect(head.holder).toBeUndefined();
    const { records } = await sealed(inner, { keys: [OLD, NEW] }).claim(
      newClaim({ nowMs: T0_MS + leaseMs, holder: 'with both keys' }),
    );
    expect(records.find((record) => record.head.taskId === head.taskId)?.head).toMatchObject({
      attempt: 1,
      crashCount: 0,
    });
  });

  it('[BOUN-07] fails when it opens none of them, and says why', async () => {
    const { inner, store } = stores({ keys: [NEW] });
    await store.create(newTask());
    const old = sealed(inner, { keys: [OLD] });
    await expect(claimed(old, T0_MS)).rejects.toMatchObject(corrupt('task-1', /Its key is not among `keys`/));
    await expect(claimed(old, T0_MS)).resolves.toMatchObject({ records: [] });
  });

  it('[BOUN-07] answers the others when they cannot be given back', async () => {
    const { inner, store } = stores({ keys: [NEW] });
    await store.create(newTask({ taskId: 'foreign' }));
    const failing = Object.assign(inner, { update: () => Promise.reject(new TypeError('The store is away.')) });
    const old = sealed(failing, { keys: [OLD] });
    await old.create(newTask({ taskId: 'own' }));
    expect((await claimed(old, T0_MS)).records.map(({ head }) => head.taskId)).toEqual(['own']);
  });
});

describe('a value that was never sealed', () => {
  it('[BOUN-07] is refused, unless plain values are accepted; what is written is sealed all the same', async () => {
    const inner = memoryStore();
    await inner.create(newTask());
    const strict = sealed(inner, { keys: [OLD] });
    await expect(readOne(strict)).rejects.toMatchObject(corrupt('task-1', /set `acceptPlain`/));
    const lenient = sealed(inner, { keys: [OLD], acceptPlain: true });
    expect((await readOne(lenient)).entries).toEqual([CALL]);
    await put(lenient, 'task-1', CALL);
    expect(await valueOf(inner)).toMatch(/^"sealed:1:old:/);
    expect((await readOne(strict)).entries).toEqual([CALL]);
  });

  it('[BOUN-07] may look like a sealed one and comes back, once it is sealed', async () => {
    const { store } = stores({ keys: [OLD], acceptPlain: true });
    const entry: TaskEntry = { kind: 'variable', name: '', value: '"sealed:1:old:AAAA"' };
    await store.create(newTask({}, { entries: [entry] }));
    expect((await readOne(store)).entries).toEqual([entry]);
  });

  it('[BOUN-07] is not what a spoilt seal is taken for', async () => {
    const { inner, store } = stores({ keys: [OLD], acceptPlain: true });
    await store.create(newTask());
    const whole = await valueOf(inner);
    for (const value of ['"sealed:2:old:AAAA"', '"sealed:1:old"', '"sealed:1:old:', whole.slice(0, -2)]) {
      await put(inner, 'task-1', { ...CALL, value });
      await expect(readOne(store), value).rejects.toMatchObject({ code: 'STORE_CORRUPT_RECORD' });
    }
  });
});

describe('the options of a sealed store', () => {
  const secret = new Uint8Array(32);
  const id = (text: unknown) => ({ keys: [{ id: text, secret }] });
  const bytes = (value: unknown) => ({ keys: [OLD, { id: 'a', secret: value }] });
  const ids = 'keys[0].id must be a string of 1 to 32 of A-Z';
  const secrets = 'keys[1].secret must be a Uint8Array of 32 bytes, not a';
  it.each([
    ['no options', undefined, TypeError, 'keys of sealed must be an array, not undefined'],
    ['no keys', {}, TypeError, 'keys of sealed must be an array, not undefined'],
    ['no list', { keys: 'keys' }, TypeError, 'sealed: keys must be an array'],
    ['an empty list', { keys: [] }, RangeError, 'keys of sealed must hold at least one key'],
    ['a key that is none', { keys: [null] }, TypeError, 'keys[0] must be an object, not null'],
    ['an id that is no text', id(1), TypeError, ids],
    ['an empty id', id(''), RangeError, ids],
    ['a long id', id('x'.repeat(33)), RangeError, ids],
    ['an id with a colon', id('a:b'), RangeError, ids],
    ['no id', id(undefined), TypeError, 'keys[0] of sealed must have an id and a secret'],
    ['a secret that is text', bytes('x'.repeat(32)), TypeError, secrets],
    ['a secret that is a list', bytes([...secret]), TypeError, secrets],
    ['no secret', bytes(undefined), TypeError, 'keys[1] of sealed must have an id and a secret'],
    ['a short secret', bytes(new Uint8Array(31)), RangeError, secrets],
    ['a long secret', bytes(new Uint8Array(33)), RangeError, secrets],
    [
      'one id twice',
      { keys: [OLD, key('old', 2)] },
      RangeError,
      'keys of sealed must have different ids, and "old" is there twice',
    ],
    ['an acceptPlain that is text', { keys: [OLD], acceptPlain: 'no' }, TypeError, 'acceptPlain must be true or false'],
    ['an unknown option', { keys: [OLD], plain: true }, TypeError, 'there is no option "plain"'],
  ] as const)('[BOUN-07] refuse %s by name', (_case, options, kind, message) => {
    const make = () => sealed(memoryStore(), options as never);
    expect(make).toThrow(kind);
    expect(make).toThrow(message);
    expect(make).not.toThrow('xxxx');
  });
});

describe('the other methods of a sealed store', () => {
  it('are those of the store within, and absent where it has none', async () => {
    const calls: string[] = [];
    const note = (name: string) => async () => {
      calls.push(name);
      return 5 as never;
    };
    const names = [
      'open',
      'findJoinable',
      'list',
      'due',
      'renew',
      'deleteExpired',
      'watch',
      'serverTimeMs',
      'close',
    ] as const;
    const all = Object.fromEntries(names.map((name) => [name, note(name)]));
    const full = sealed(Object.assign(memoryStore(), all), { keys: [OLD] });
    for (const name of names) expect(await full[name]?.(undefined as never)).toBe(5);
    expect(calls).toEqual(names);
    const bare = sealed(memoryStore(), { keys: [OLD] });
    expect(['open' in bare, 'serverTimeMs' in bare, 'watch' in bare]).toEqual([false, false, true]);
    expect(bare.portVersion).toBe(PORT_VERSION);
    const older = sealed(Object.assign(memoryStore(), { portVersion: 1 as never }), { keys: [OLD] });
    expect(older.portVersion).toBe(1);
  });
});
