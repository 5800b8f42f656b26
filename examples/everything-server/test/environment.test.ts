import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseEnvironment } from '../src/environment.ts';
import { spawnEverythingServer } from '../src/testing.ts';

const MAX_TIMER_MS = 2 ** 31 - 1;

/** Values that must be refused, by variable. */
const BAD: readonly (readonly [name: string, value: string])[] = [
  ['PORT', 'http'],
  ['PORT', ''],
  ['PORT', '-1'],
  ['PORT', '65536'],
  ['PORT', '80.5'],
  ['PORT', '0x50'],
  ['PORT', '1e3'],
  ['PORT', ' 80'],
  ['STDIO', 'yes'],
  ['STDIO', ''],
  ['SESSIONS', 'true'],
  ['STORE_URL', ''],
  ['STORE_URL', 'memory'],
  ['STORE_URL', 'memory:x'],
  ['STORE_URL', 'sqlite:'],
  ['STORE_URL', 'postgres:'],
  ['STORE_URL', 'redis://'],
  ['STORE_URL', 'mysql://me:hunter2@localhost/db'],
  ['STORE_URL', 'toString:'],
  ['TOKENS', ''],
  ['TOKENS', 'alice,'],
  ['TOKENS', 'alice, bob'],
  ['TOKENS', 'alice\nbob'],
  ['COUNT_DIR', '/nonexistent/directory'],
  ['COUNT_DIR', ''],
  ['STEP_MS', '-1'],
  ['STEP_MS', '0.5'],
  ['STEP_MS', 'slow'],
  ['DRAIN_MS', '-5'],
  ['DRAIN_MS', 'NaN'],
  ['DRAIN_MS', `${MAX_TIMER_MS + 1}`],
  ['MAX_ACTIVE_TASKS', '0'],
  ['DEFAULT_TTL_MS', '0'],
  ['MIN_TTL_MS', '0'],
  ['MAX_TTL_MS', '1e300'],
  ['MAX_TTL_MS', '9007199254740992'],
  ['POLL_INTERVAL_MS', '0'],
  ['LEASE_MS', '0'],
  ['PARK_AFTER_MS', 'soon'],
  ['MAX_CRASHES', '0'],
  ['SWEEP_INTERVAL_MS', '0'],
];

describe('parseEnvironment', () => {
  it('has a default for every variable that needs one', () => {
    expect(parseEnvironment({ UNKNOWN: 'ignored' })).toEqual({
      ok: true,
      environment: {
        PORT: 3000,
        STDIO: false,
        SESSIONS: false,
        STORE_URL: 'memory:',
        STEP_MS: 0,
        DRAIN_MS: 5_000,
        MIN_TTL_MS: 1,
        POLL_INTERVAL_MS: 100,
        LEASE_MS: 3_000,
      },
    });
  });

  it('reads every variable', () => {
    const parsed = parseEnvironment({
      PORT: '0',
      STDIO: '1',
      SESSIONS: '1',
      STORE_URL: 'memory:',
      TOKENS: 'alice,bob==',
      COUNT_DIR: tmpdir(),
      STEP_MS: '250',
      DRAIN_MS: '0',
      MAX_ACTIVE_TASKS: '7',
      DEFAULT_TTL_MS: '60000',
      MIN_TTL_MS: '2',
      MAX_TTL_MS: '2592000000',
      POLL_INTERVAL_MS: '20',
      LEASE_MS: '500',
      PARK_AFTER_MS: '0',
      MAX_CRASHES: '2',
      SWEEP_INTERVAL_MS: '100',
    });
    expect(parsed).toEqual({
      ok: true,
      environment: {
        PORT: 0,
        STDIO: true,
        SESSIONS: true,
        STORE_URL: 'memory:',
        TOKENS: new Set(['alice', 'bob==']),
        COUNT_DIR: tmpdir(),
        STEP_MS: 250,
        DRAIN_MS: 0,
        MAX_ACTIVE_TASKS: 7,
        DEFAULT_TTL_MS: 60_000,
        MIN_TTL_MS: 2,
        MAX_TTL_MS: 2_592_000_000,
        POLL_INTERVAL_MS: 20,
        LEASE_MS: 500,
        PARK_AFTER_MS: 0,
        MAX_CRASHES: 2,
        SWEEP_INTERVAL_MS: 100,
      },
    });
  });

  it.each(BAD)('refuses %s=%j in one line that names it', (name, value) => {
    const parsed = parseEnvironment({ [name]: value });
    expect(parsed.ok ? 'accepted' : parsed.problem).toMatch(new RegExp(`^${name} [^\\n]+$`));
  });

  it('never repeats a value, which may be a secret', () => {
    const parsed = parseEnvironment({ STORE_URL: 'mysql://me:hunter2@localhost/db', TOKENS: 'sesame, open' });
    expect(parsed.ok).toBe(false);
    expect(JSON.stringify(parsed)).not.toMatch(/hunter2|sesame/);
  });

  it('refuses a file as COUNT_DIR', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'environment-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    expect(parseEnvironment({ COUNT_DIR: directory }).ok).toBe(true);
    expect(parseEnvironment({ COUNT_DIR: import.meta.filename }).ok).toBe(false);
  });
});

describe('the process', () => {
  it.each([
    ['PORT', 'http'],
    ['STORE_URL', 'mysql://localhost'],
    ['TOKENS', 'alice,,bob'],
    ['MAX_CRASHES', 'many'],
    ['STEP_MS', '1s'],
  ])('ends with code 2 and one line on stderr for %s=%s', async (name, value) => {
    const { exitCode, stdout, stderr } = await spawnEverythingServer({ [name]: value }).ended;
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^${name} [^\\n]+\\n$`));
  });
});
