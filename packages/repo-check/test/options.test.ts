import { createTasks, inProcessExecutor, type RetryOptions, startWorker, type Tasks } from '@mcp-tasks/runner';
import { runTool } from '@mcp-tasks/runner/testing';
import { attach, serveTasks, withSessions, wrapHandler } from '@mcp-tasks/server';
import { connectTestClient } from '@mcp-tasks/server/testing';
import { memoryStore, sealed } from '@mcp-tasks/store';
import { checkStore } from '@mcp-tasks/store-kit';
import { describeContract } from '@mcp-tasks/store-kit/vitest';
import { postgresStore } from '@mcp-tasks/store-postgres';
import { redisStore } from '@mcp-tasks/store-redis';
import { sqliteStore } from '@mcp-tasks/store-sqlite';
import { StepError, workflow } from '@mcp-tasks/workflow';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';
import { REPOSITORY } from '../src/repository.ts';
import { publicSymbols } from '../src/surface/public-surface.ts';
import { entriesProgram } from '../src/surface/source-program.ts';

/** How an object of options reaches the code that checks it. */
interface Taken {
  /** Hand over the options, in the place of which nothing was right before. */
  readonly take: (options: never) => unknown;
  /** Options without which the others are not looked at. */
  readonly base?: object;
  /** The object goes on to another library, which knows other names. */
  readonly passesOn?: true;
  /** Options that take anything here. */
  readonly loose?: readonly string[];
}

const tool = (tasks: Tasks) => tasks.tool('job', {}, () => ({ content: [] }));
const client = () => connectTestClient(createTasks(), { generation: '2025-11-25' });
const NOTHING = {} as never;

/** Take the options of a step, whose refusal only the handler hears. */
async function stepped(options: RetryOptions): Promise<void> {
  let refused: unknown;
  const job = createTasks().tool('job', {}, async (_args, task) => {
    await task.step('one', options, () => 1).catch((error: unknown) => (refused = error));
    return { content: [] };
  });
  await runTool(job);
  if (refused instanceof Error) throw refused;
}

const OBJECTS: Readonly<Record<string, Taken>> = {
  TasksOptions: { take: createTasks },
  InProcessExecutorOptions: { take: inProcessExecutor },
  ToolOptions: { take: (options) => createTasks().tool('job', options, () => ({ content: [] })) },
  RetryOptions: { take: stepped },
  WorkerOptions: { take: (options) => startWorker(createTasks(), options) },
  RunToolOptions: { take: (options) => runTool(tool(createTasks()), options), loose: ['caller'] },
  WorkflowOptions: {
    take: (options) => workflow(createTasks(), 'w', options, () => undefined),
    base: { description: 'd' },
  },
  StepOptions: {
    take: (options) => workflow(createTasks(), 'w', { description: 'd' }, ({ step }) => void step('one', options)),
    base: { client: true, guidance: 'g' },
  },
  StepErrorOptions: { take: (options) => new StepError('x', options), loose: ['cause'] },
  OwnerOptions: { take: (options) => serveTasks(createTasks(), NOTHING_MADE, options) },
  TaskServerOptions: {
    take: (options) => {
      attach(createTasks(), NOTHING, options);
    },
  },
  ServeTasksOptions: { take: (options) => serveTasks(createTasks(), NOTHING_MADE, options) },
  TaskHttpOptions: { take: (options) => serveTasks(createTasks(), NOTHING_MADE).http(options), passesOn: true },
  WrapHandlerOptions: {
    take: (options) => wrapHandler(createTasks(), NOTHING, options),
    passesOn: true,
    loose: ['maxRequestBodySize'],
  },
  WithSessionsOptions: { take: (options) => withSessions(createTasks(), NOTHING, NOTHING_MADE, options) },
  WorkflowServingOptions: { take: (options) => serveTasks(createTasks(), NOTHING_MADE, { workflows: options }) },
  TestClientOptions: {
    take: (options) => connectTestClient(createTasks(), options),
    base: { generation: '2025-11-25' },
  },
  CheckStoreOptions: { take: (options) => checkStore(NOTHING, options) },
  DescribeContractOptions: {
    take: (options) => {
      describeContract('a store', NOTHING, options);
    },
  },
  SealedOptions: {
    take: (options) => sealed(memoryStore(), options),
    base: { keys: [{ id: 'key', secret: new Uint8Array(32) }] },
  },
  PostgresStoreOptions: { take: postgresStore, base: { connectionString: 'postgres://127.0.0.1:1/none' } },
  RedisStoreOptions: { take: redisStore, base: { url: 'redis://127.0.0.1:1' } },
  SqliteConnectionOptions: { take: sqliteStore, base: { path: ':memory:' } },
  SqliteFileOptions: { take: sqliteStore, base: { path: ':memory:' } },
  SqliteTaskStoreOptions: { take: sqliteStore, base: { path: ':memory:' } },
  TestCallOptions: { take: async (options) => (await client()).callTool('job', {}, options), loose: ['ttlMs'] },
};

const OF_OUR_LAYERS = 'made by our own layers, with the types of the compiler';

/** Objects of options that are not checked, with the reason. */
const UNCHECKED: Readonly<Record<string, string>> = {
  ApplyOptions: OF_OUR_LAYERS,
  CheckOptionsOptions: OF_OUR_LAYERS,
  OwnerViewOptions: OF_OUR_LAYERS,
  ResendOptions: OF_OUR_LAYERS,
  ServerClockOptions: OF_OUR_LAYERS,
  WaiterHubOptions: OF_OUR_LAYERS,
  HandOffOptions: OF_OUR_LAYERS,
  TaskErrorOptions: OF_OUR_LAYERS,
};

function NOTHING_MADE(): never {
  throw new TypeError('No server is made here.');
}

function takenOf(type: string): Taken {
  const taken = OBJECTS[type];
  if (taken === undefined) throw new TypeError(`There is no row "${type}".`);
  return taken;
}

/** What taking the options is refused with. */
async function refusal({ take, base }: Taken, options: object): Promise<unknown> {
  try {
    await take({ ...base, ...options } as never);
    return 'taken';
  } catch (error) {
    return error;
  }
}

describe('every object of options', () => {
  /** The options of each public type of options that are declared here, by the name of the type. */
  const declared = new Map<string, readonly string[]>();

  beforeAll(async () => {
    const program = await entriesProgram();
    const isOurs = (property: ts.Symbol) =>
      property.declarations?.some((declaration) => {
        const { fileName } = declaration.getSourceFile();
        return fileName.startsWith(REPOSITORY) && !fileName.includes('/node_modules/');
      });
    for (const { name, symbol } of await publicSymbols(program)) {
      if (!name.endsWith('Options') || !(symbol.flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.TypeAlias)))
        continue;
      const type = program.checker.getDeclaredTypeOfSymbol(symbol);
      const ofUnion = type.isUnion() ? type.types : [type];
      const properties = ofUnion.flatMap((part) => program.checker.getPropertiesOfType(part)).filter(isOurs);
      declared.set(name, [...new Set(properties.map((property) => property.name))]);
    }
  });

  it('is checked, or has a reason not to be', () => {
    expect([...declared.keys()].filter((name) => !(name in OBJECTS) && !(name in UNCHECKED))).toEqual([]);
    expect(Object.keys({ ...OBJECTS, ...UNCHECKED }).filter((name) => !declared.has(name))).toEqual([]);
  });

  it.each(Object.keys(OBJECTS))(
    'refuses what is misspelled, and names the option, its value and the nearest: %s',
    async (type) => {
      const taken = takenOf(type);
      const names = declared.get(type) ?? [];
      expect(names.length).toBeGreaterThan(0);
      for (const name of names) {
        const swapped = `${name.slice(0, 1)}${name.slice(2, 3)}${name.slice(1, 2)}${name.slice(3)}`;
        for (const misspelled of [name.toUpperCase(), `${name}s`, name.slice(0, -1), swapped]) {
          if (names.includes(misspelled)) continue;
          const error = await refusal(taken, { [misspelled]: 4711 });
          expect(error, `${misspelled}: ${String(error)}`).toBeInstanceOf(TypeError);
          expect((error as Error).message).toContain(`there is no option`);
          expect((error as Error).message).toMatch(/ \(.*\); the nearest is "\w+"\.$/);
          if (misspelled !== name.slice(0, -1)) expect((error as Error).message).toContain(`the nearest is "${name}"`);
        }
      }
    },
  );

  it.each(Object.keys(OBJECTS))('refuses values of another type, and names option and value: %s', async (type) => {
    const taken = takenOf(type);
    for (const name of declared.get(type) ?? []) {
      if (taken.loose?.includes(name) === true) continue;
      const error = await refusal(taken, { [name]: Symbol('wrong') });
      expect(error, `${name}: ${String(error)}`).toBeInstanceOf(TypeError);
      expect((error as Error).message, name).toContain(name);
      expect((error as Error).message, name).toMatch(/\.$/);
    }
  });

  it.each(Object.entries(OBJECTS))(
    'refuses a name that no other library could mean either, where it is ours alone: %s',
    async (_type, taken) => {
      const error = await refusal(taken, { qqqqqqqqqqqqqqqqqqqqqqqqqqqq: 4711 });
      if (taken.passesOn === true) expect(String(error)).not.toContain('there is no option');
      else expect(String(error)).toMatch(/TypeError: .*there is no option .* \(4711\); the nearest is "\w+"\.$/);
    },
  );
});
