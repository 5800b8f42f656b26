import { type Clock, memoryStore, PORT_VERSION, type TaskStore } from '@mcp-tasks/store';
import { createTasks, type Tasks, type TasksOptions } from '../../src/index.ts';
import { type FakeClock, fakeClock } from '../../src/testing.ts';
import { counted } from './counted-store.ts';
import { LEASE_MS } from './processes.ts';

const STEP_MS = 100;

/** A store on a server whose clock may be set: what has expired or is due is so by the earlier of the caller's time and its own. */
function storeOnServer(presentMs: () => number): TaskStore {
  const memory = memoryStore();
  const early = <Input extends { readonly nowMs: number }>(input: Input): Input => ({
    ...input,
    nowMs: Math.min(input.nowMs, presentMs()),
  });
  return {
    portVersion: PORT_VERSION,
    create: (input) => memory.create(early(input)),
    get: (input) => memory.get(input),
    update: (input) => memory.update(input),
    findJoinable: (input) => memory.findJoinable(input),
    list: (input) => memory.list(input),
    due: (input) => memory.due(early(input)),
    claim: (input) => memory.claim(early(input)),
    renew: (input) => memory.renew(early(input)),
    deleteExpired: (input) => memory.deleteExpired(early(input)),
    serverTimeMs: async () => presentMs(),
    close: () => memory.close(),
  };
}

/** A process on a machine whose wall clock was wrong when it started, and which may be suspended. */
class Machine {
  readonly tasks: Tasks;
  readonly calls: string[] = [];
  readonly errors: unknown[] = [];
  readonly interference: ReturnType<typeof counted>['interference'];
  readonly #timer: FakeClock = fakeClock();
  #suspendedMs = 0;

  constructor(store: TaskStore, wallErrorMs: number, options: TasksOptions) {
    const own = counted(store);
    this.interference = own.interference;
    this.interference.before = (method) => void this.calls.push(method);
    const clock: Clock = {
      nowMs: () => this.#timer.nowMs() + wallErrorMs + this.#suspendedMs,
      monotonicMs: () => this.#timer.nowMs(),
      suspendedMs: () => this.#suspendedMs,
      after: (delayMs, callback) => this.#timer.after(delayMs, callback),
    };
    const onBackgroundError = (error: unknown) => this.errors.push(error);
    this.tasks = createTasks({ store: own.store, clock, leaseMs: LEASE_MS, onBackgroundError, ...options });
  }

  run(ms: number): Promise<void> {
    return this.#timer.advance(ms);
  }

  /** The machine has been suspended for so long: its timers stood still. */
  wake(suspendedMs: number): void {
    this.#suspendedMs += suspendedMs;
  }
}

export type { Machine };

/** Machines with one process each, and a database server with a clock of its own. */
export function machines() {
  const world = fakeClock();
  const server = { aheadMs: 0 };
  const store = storeOnServer(() => world.nowMs() + server.aheadMs);
  return {
    server,
    store,
    serverMs: () => world.nowMs() + server.aheadMs,
    make: (wallErrorMs = 0, options: TasksOptions = {}) => new Machine(store, wallErrorMs, options),
    /** Time passes, for these machines; for others too, but they are suspended. */
    pass: async (ms: number, ...running: Machine[]): Promise<void> => {
      for (let passedMs = 0; passedMs < ms; passedMs += STEP_MS) {
        await world.advance(STEP_MS);
        for (const machine of running) await machine.run(STEP_MS);
      }
    },
  };
}
