import { describe, expect, it } from 'vitest';
import { memoryStore, TaskError, type TaskStore } from '../../src/index.ts';
import { openStore } from '../../src/open.ts';
import { lateStore } from '../../src/open/late-store.ts';
import { STORE_PACKAGES } from '../../src/open/store-urls.ts';
import { newClaim, newTask, T0_MS } from '../heads.ts';

const read = { taskIds: ['task-1'], kinds: [], nowMs: T0_MS };
const missing = (name: string) =>
  Object.assign(new TypeError(`Cannot find package '${name}' imported from /x.js`), { code: 'ERR_MODULE_NOT_FOUND' });

/** A store of a URL, and what its package was asked to make. */
function loaded(url: string, store: Partial<TaskStore> = memoryStore()) {
  const asked: unknown[] = [];
  const scheme = url.slice(0, url.indexOf(':'));
  const from = STORE_PACKAGES[scheme];
  if (from === undefined) throw new TypeError(`There is no scheme "${scheme}".`);
  const make = (options: unknown) => {
    asked.push(options);
    return store;
  };
  const late = lateStore(from, from.options(url), async (name) => {
    asked.push(name);
    return { [from.factory]: make };
  });
  return { late, asked };
}

describe('a store that is given as a URL', () => {
  it.each([
    ['sqlite:tasks.db', '@mcp-tasks/store-sqlite', { path: 'tasks.db' }],
    ['sqlite://data/tasks.db', '@mcp-tasks/store-sqlite', { path: 'data/tasks.db' }],
    ['sqlite:///var/tasks.db', '@mcp-tasks/store-sqlite', { path: '/var/tasks.db' }],
    ['sqlite:/var/my tasks.db', '@mcp-tasks/store-sqlite', { path: '/var/my tasks.db' }],
    ['sqlite:///C:/tasks.db', '@mcp-tasks/store-sqlite', { path: 'C:/tasks.db' }],
    ['sqlite::memory:', '@mcp-tasks/store-sqlite', { path: ':memory:' }],
    ['postgres://me:secret@host/db?sslmode=require', '@mcp-tasks/store-postgres', 'connectionString'],
    ['postgresql://host/db', '@mcp-tasks/store-postgres', 'connectionString'],
    ['redis://host:6379/1', '@mcp-tasks/store-redis', 'url'],
    ['rediss://host', '@mcp-tasks/store-redis', 'url'],
  ])('%s is made by %s, which is loaded when it is opened', async (url, name, options) => {
    const { late, asked } = loaded(url);
    expect(asked).toEqual([]);
    await late.open?.();
    expect(asked).toEqual([name, typeof options === 'string' ? { [options]: url } : options]);
  });

  it('keeps tasks as its package does, with the members that its store has', async () => {
    const inner = Object.assign(memoryStore(), { serverTimeMs: async () => T0_MS });
    const { late } = loaded('redis://host', inner);
    expect(['watch' in late, 'serverTimeMs' in late]).toEqual([false, false]);
    await expect(late.get(read)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    await late.open?.();
    await late.create(newTask());
    expect(await late.get(read)).toEqual(await inner.get(read));
    expect(await late.serverTimeMs?.()).toBe(T0_MS);
    await (
      await late.watch?.(() => undefined)
    )?.();
    await late.close();
    await expect(late.open?.()).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  });

  it('has every member of the port before and after it is opened, and passes on all that it is given', async () => {
    const inner = memoryStore();
    const { late } = loaded('redis://host', inner);
    const members = Object.keys(inner).concat(Object.getOwnPropertyNames(Object.getPrototypeOf(inner)));
    expect(members).toEqual(expect.arrayContaining(['portVersion', 'claim', 'findJoinable', 'due', 'renew']));
    const lacks = () => members.filter((name) => Reflect.get(late, name) === undefined);
    expect([late.portVersion, lacks()]).toEqual([inner.portVersion, ['watch']]);
    const claim = newClaim({ nowMs: T0_MS + 1 });
    await expect(late.claim(claim)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    await late.open?.();
    expect([late.portVersion, lacks()]).toEqual([inner.portVersion, []]);
    await late.create(newTask({ owner: 'alice', joinKey: 'key', joinState: 'held' }));
    expect(await late.get({ ...read, owner: 'bob' })).toEqual([]);
    expect(await late.findJoinable({ owner: 'alice', joinKey: 'key', nowMs: T0_MS })).toMatchObject({ joinKey: 'key' });
    const { records } = await late.claim(claim);
    expect(records).toMatchObject([{ head: { taskId: 'task-1', holder: claim.holder, writeId: claim.writeId } }]);
  });

  it.each([
    ['an older port', (): Partial<TaskStore> => Object.assign(memoryStore(), { portVersion: 1 })],
    ['no version of the port', (): Partial<TaskStore> => Object.assign(memoryStore(), { portVersion: undefined })],
  ])('is refused before it is opened when its package has %s', async (_what, make) => {
    let opened = false;
    const open = async () => {
      opened = true;
    };
    const { late } = loaded('redis://host', Object.assign(make(), { open }));
    await expect(late.open?.()).rejects.toMatchObject({
      code: 'STORE_INCOMPATIBLE',
      message:
        'The package "@mcp-tasks/store-redis" has no redisStore for this version of "@mcp-tasks/store": install the same version of both.',
    });
    expect(opened).toBe(false);
  });

  it('opens again what could not be opened, and makes it once', async () => {
    let opens = 0;
    const open = async () => {
      opens += 1;
      if (opens === 1) throw new TaskError('STORE_UNAVAILABLE', 'Away.', { retryable: true });
    };
    const { late, asked } = loaded('redis://host', Object.assign(memoryStore(), { open }));
    await expect(late.open?.()).rejects.toMatchObject({ message: 'Away.' });
    await late.open?.();
    expect([opens, asked.length]).toEqual([2, 2]);
  });

  it('says which packages to install when they are missing, and nothing of the login', async () => {
    const url = 'postgres://me:hunter2@host/db';
    const from = STORE_PACKAGES['postgres'];
    if (from === undefined) throw new TypeError('There is no such scheme.');
    const late = lateStore(from, from.options(url), (name) => Promise.reject(missing(name)));
    await expect(late.open?.()).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: 'The package of this store is not installed. Run: npm install @mcp-tasks/store-postgres pg.',
    });
    const broken = lateStore(from, from.options(url), () => Promise.reject(missing('other')));
    await expect(broken.open?.()).rejects.toThrow("Cannot find package 'other'");
  });

  it('is in memory for memory:', async () => {
    const store = openStore('memory:');
    await store.create(newTask());
    expect(await store.get(read)).toHaveLength(1);
  });

  it.each([
    ['tasks.db', /it has no scheme; for a file write "sqlite:tasks\.db"\.$/],
    ['C:\\tasks.db', /it has no scheme/],
    ['', /it has no scheme/],
    ['mysql://me:hunter2@host', /must begin with "memory:", "sqlite:".*: "mysql:" is none\.$/],
    ['constructor:x', /"constructor:" is none/],
    ['sqlite:', /needs the path of a file/],
    ['sqlite:a.db?mode=ro', /takes a path alone/],
  ])('is refused at once where no store has it: %s', (url, says) => {
    expect(() => openStore(url)).toThrow(says);
    expect(() => openStore(url)).toThrow(TypeError);
    expect(() => openStore(url)).not.toThrow(/hunter2/);
  });
});
