import { memoryStore, TaskError } from '@mcp-tasks/store';
import { describe, expect, it } from 'vitest';
import { contractCase } from '../src/cases/case-kit.ts';
import { countOverlaps } from '../src/fakes/timed-store.ts';
import { checkSkips, contractCases, runSkipped } from '../src/index.ts';
import { creation, newTask } from '../src/sides/records.ts';
import { memoryHarness, servedHarness } from './support/memory-harness.ts';

const REASON = 'a reason that is long enough';
const described = { id: 'made-up', title: 'made up', promise: 1 } as const;

describe('the list of cases', () => {
  it('names each case once and covers every promise of a store', () => {
    const ids = contractCases.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect([...new Set(contractCases.map(({ promise }) => promise))].sort((one, other) => one - other)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
  });
});

describe('a race', () => {
  it('[TEST-04] fails when the sides were never inside the store at once', async () => {
    const idle = { racer: 'creates', input: { tasks: [] } } as const;
    const neverMeets = contractCase(described, async ({ contend, nowMs }) => {
      const busy = { racer: 'creates', input: { tasks: [creation(newTask(nowMs))] } } as const;
      await contend(async (race) => {
        await race(busy, idle);
      });
    });
    await expect(neverMeets.run(memoryHarness())).rejects.toThrow(
      /two connections were never inside the store at once/,
    );
  });

  it('runs between two processes where the harness has one, and says so', async () => {
    let rounds = 0;
    const counted = contractCase(described, async ({ contend, nowMs }) => {
      await contend(async (race) => {
        rounds += 1;
        const side = () => ({ racer: 'creates', input: { tasks: [creation(newTask(nowMs))] } }) as const;
        const [left, right] = await race(side(), side());
        expect([...left, ...right].map(({ status }) => status)).toEqual(['answered', 'answered']);
        // Eight rounds are between connections, the others between processes.
        if (rounds > 8) throw new TypeError('far enough');
      });
    });
    await expect(counted.run(servedHarness())).rejects.toThrow(/far enough/);
    expect(rounds).toBe(9);
  }, 30_000);

  it('counts calls that were under way while one of the other side was', () => {
    const span = (fromNs: bigint, toNs: bigint) => ({ fromNs, toNs });
    expect(countOverlaps([span(0n, 5n), span(6n, 9n)], [span(4n, 6n)])).toBe(1);
    expect(countOverlaps([span(0n, 5n)], [span(5n, 6n)])).toBe(0);
    expect(countOverlaps([span(0n, 9n), span(1n, 2n)], [span(1n, 3n)])).toBe(2);
  });
});

describe('a case', () => {
  it('closes its connections, ends its processes and removes its data, also when it fails', async () => {
    const events: string[] = [];
    const harness = memoryHarness();
    const failing = contractCase(described, async ({ connect }) => {
      await connect();
      throw new TaskError('STORE_CONFLICT', 'fails');
    });
    const run = failing.run({
      async create() {
        const data = await harness.create();
        return {
          async connect() {
            const store = await data.connect();
            return new Proxy(store, {
              get(target, name) {
                if (name === 'close') events.push('closed');
                return Reflect.get(target, name) as unknown;
              },
            });
          },
          async destroy() {
            events.push('destroyed');
            await data.destroy();
          },
        };
      },
    });
    await expect(run).rejects.toThrow('fails');
    expect(events).toEqual(['closed', 'closed', 'closed', 'destroyed']);
  });

  it('tells what went wrong in a second process', async () => {
    const asking = contractCase(described, async ({ startProcess }) => {
      await startProcess();
    });
    const execArgv = ['--conditions=@mcp-tasks/source', '--import', 'tsx'];
    const harness = (module: URL) => ({
      async create() {
        const store = memoryStore();
        return { connect: async () => store, process: { module, execArgv }, destroy: () => store.close() };
      },
    });
    const missing = harness(new URL('./no-such-module.js', import.meta.url));
    await expect(asking.run(missing)).rejects.toThrow(/in the second process: .*no-such-module/s);
  });
});

describe('a skip', () => {
  const skipOf = (id: string, reason = REASON) => [{ case: id, reason }];

  it('needs a case and a reason', () => {
    expect(() => checkSkips(contractCases, skipOf('no-such-case'))).toThrow(/and "no-such-case" is not one/);
    expect(() => checkSkips(contractCases, skipOf('race-id', ' '))).toThrow(
      /a reason of at least 10 characters for "race-id"/,
    );
    expect(() => checkSkips(contractCases, [...skipOf('race-id'), ...skipOf('race-id')])).toThrow(/named twice/);
    expect(checkSkips(contractCases, skipOf('race-id'))).toEqual(new Map([['race-id', REASON]]));
  });

  it('fails when its case passes, and when the case fails for another reason than the store', async () => {
    const passing = contractCase(described, () => Promise.resolve());
    await expect(runSkipped(passing, memoryHarness())).rejects.toThrow(/made-up is skipped and passes/);
    const faulty = contractCase(described, () => Promise.reject(new TypeError('a fault of the harness')));
    await expect(runSkipped(faulty, memoryHarness())).rejects.toThrow('a fault of the harness');
    const failing = contractCase(described, () => Promise.reject(new TaskError('STORE_CONFLICT', 'not so')));
    await expect(runSkipped(failing, memoryHarness())).resolves.toBeUndefined();
  });
});
