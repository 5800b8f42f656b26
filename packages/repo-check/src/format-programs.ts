/** How a program loads packages: as an ES module, or as CommonJS. */
export type Format = 'import' | 'require';

/** Names that a program needs of each package. */
export type Needs = Readonly<Record<string, readonly string[]>>;

/** The lines that load packages in one format. */
export function loading(format: Format, needs: Needs): string {
  const lines = Object.entries(needs).map(([entry, names]) => {
    const list = names.join(', ');
    return format === 'import' ? `import { ${list} } from '${entry}';` : `const { ${list} } = require('${entry}');`;
  });
  return `${lines.join('\n')}\n`;
}

/** An application in plain words, for JavaScript and TypeScript: a tool that a client of each generation calls. */
export const APPLICATION = {
  needs: {
    '@mcp-tasks/runner': ['createTasks'],
    '@mcp-tasks/server': ['attach'],
    '@mcp-tasks/server/testing': ['connectTestClient'],
    '@mcp-tasks/store': ['memoryStore'],
    '@modelcontextprotocol/server': ['McpServer'],
    zod: ['z'],
  },
  body: `
async function main() {
  const tasks = createTasks({ store: memoryStore() });
  tasks.tool('greet', { inputSchema: z.object({ name: z.string() }) }, ({ name }) => ({
    content: [{ type: 'text', text: 'Hello, ' + name }],
  }));
  attach(tasks, new McpServer({ name: 'attached', version: '1.0.0' }));
  for (const generation of ['2025-11-25', '2026-07-28'] as const) {
    const createServer = () => new McpServer({ name: 'served', version: '1.0.0' });
    const client = await connectTestClient(tasks, { generation, createServer });
    const { content } = await client.callTool('greet', { name: 'Ada' });
    console.log(generation, JSON.stringify(content));
    await client.close();
  }
  await tasks.close();
}
main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
`,
  prints: ['2025-11-25', '2026-07-28']
    .map((generation) => `${generation} [{"type":"text","text":"Hello, Ada"}]\n`)
    .join(''),
};

/** A program without its types. */
export function asJavaScript(program: string): string {
  return program.replaceAll(' as const', '').replaceAll(': unknown', '');
}

/** Makes a task layer, tools and a workflow by some entries, and uses them by all others that take such things. */
export const EVERY_ENTRY = {
  needs: {
    '@mcp-tasks/runner': ['createTasks', 'inProcessExecutor'],
    '@mcp-tasks/runner/engine': ['amendTask', 'leaseOf', 'runCall'],
    '@mcp-tasks/runner/testing': ['inspect', 'runTool'],
    '@mcp-tasks/server': ['attach', 'serveTasks'],
    '@mcp-tasks/server/testing': ['connectTestClient'],
    '@mcp-tasks/store': ['memoryStore', 'TaskError'],
    '@mcp-tasks/store/rules': ['rules'],
    '@mcp-tasks/store-kit/fakes': ['hintsThrough'],
    '@mcp-tasks/wire': ['ProtocolFailure'],
    '@mcp-tasks/workflow': ['field', 'workflow'],
    '@mcp-tasks/workflow/serving': ['workflowEngine', 'workflowsOf'],
    '@modelcontextprotocol/server': ['McpServer'],
    'node:assert/strict': ['equal', 'match', 'ok'],
    zod: ['z'],
  },
  body: `
const text = (result) => result.content[0].text;

async function main() {
  const tasks = createTasks({ store: hintsThrough(memoryStore(), (hint) => [hint]), executor: inProcessExecutor() });
  const inner = tasks.tool('inner', { inputSchema: z.object({}) }, () => ({
    content: [{ type: 'text', text: 'from within' }],
    structuredContent: { line: 'from within' },
  }));
  tasks.tool('outer', { inputSchema: z.object({}) }, async (_args, task) => {
    leaseOf(task);
    return { content: [{ type: 'text', text: 'done' }] };
  });
  tasks.tool('refuse', { inputSchema: z.object({}), taskSupport: 'forbidden' }, () => {
    throw new ProtocolFailure(-32_002, 'no such thing');
  });
  workflow(tasks, 'flow', { description: 'A workflow' }, ({ step }) => {
    const first = step('first', { tool: inner, arguments: {} });
    step('second', { client: true, tool: 'tell', arguments: { line: field(first.output, 'line') } });
  });

  ok(workflowsOf(tasks).has('flow'));
  ok(workflowEngine(tasks));
  equal(inspect(tasks).runs, 0);
  equal(text((await runTool({ tasks, name: 'inner' })).result), 'from within');
  await runCall(tasks, { tool: 'inner', owner: 'ada', arguments: {} }, { signal: new AbortController().signal });
  const missing = { owner: 'ada', taskId: 'a'.repeat(32), kinds: [] };
  const refused = await amendTask(tasks, missing, ({ head }) => rules.cancel(head)).catch((error) => error);
  ok(refused instanceof TaskError, String(refused));

  attach(tasks, new McpServer({ name: 'x', version: '1' }));
  const app = serveTasks(tasks, () => new McpServer({ name: 'x', version: '1' }), { owner: () => 'ada' });
  app.http();
  const client = await connectTestClient(tasks, { generation: '2026-07-28' });
  equal(text(await client.callTool('outer')), 'done');
  match(JSON.stringify(await client.startTool('flow')), /from within|taskId/);
  const failure = await client.callTool('refuse').catch((error) => error);
  ok(failure instanceof ProtocolFailure, String(failure));
  await client.close();
  await app.close();
  console.log('every entry met the same copy');
}
main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
`,
  prints: 'every entry met the same copy\n',
};

/** Loads everything in both formats, gives to each what the other made, and prints what came of it as JSON. */
export const MIXED = `
import { createRequire } from 'node:module';
import * as z from 'zod';
import * as engine from '@mcp-tasks/runner/engine';
import * as runner from '@mcp-tasks/runner';
import * as runnerTesting from '@mcp-tasks/runner/testing';
import * as server from '@mcp-tasks/server';
import * as serverTesting from '@mcp-tasks/server/testing';
import * as serving from '@mcp-tasks/workflow/serving';
import * as store from '@mcp-tasks/store';
import * as sdk from '@modelcontextprotocol/server';
import * as workflows from '@mcp-tasks/workflow';

const require = createRequire(import.meta.url);
const imported = { engine, runner, runnerTesting, server, serverTesting, serving, store, sdk, workflows };
const required = {
  engine: require('@mcp-tasks/runner/engine'),
  runner: require('@mcp-tasks/runner'),
  runnerTesting: require('@mcp-tasks/runner/testing'),
  server: require('@mcp-tasks/server'),
  serverTesting: require('@mcp-tasks/server/testing'),
  serving: require('@mcp-tasks/workflow/serving'),
  store: require('@mcp-tasks/store'),
  sdk: require('@modelcontextprotocol/server'),
  workflows: require('@mcp-tasks/workflow'),
};

function layerOf({ runner }) {
  const tasks = runner.createTasks();
  const options = { inputSchema: z.object({}), outputSchema: z.object({ line: z.string() }) };
  tasks.tool('tool', options, () => ({ content: [], structuredContent: { line: 'x' } }));
  return tasks;
}

function referenceOf({ runner, workflows }) {
  let reference;
  const tasks = layerOf({ runner });
  workflows.workflow(tasks, 'theirs', { description: 'Theirs' }, ({ step }) => {
    reference = step('one', { tool: tasks.tools.get('tool'), arguments: {} }).output;
  });
  return reference;
}

const usesOf = (maker, user) => {
  const tasks = layerOf(maker);
  const own = layerOf(user);
  const build = ({ step }) => step('one', { tool: 'tool', arguments: {} });
  const newServer = () => new user.sdk.McpServer({ name: 'x', version: '1' });
  const handler = () => user.sdk.createMcpHandler(newServer);
  const call = { tool: 'tool', owner: 'ada', arguments: {} };
  const task = { owner: 'ada', taskId: 'a'.repeat(32), kinds: [] };
  return {
    attach: () => user.server.attach(tasks, newServer()),
    serveTasks: () => user.server.serveTasks(tasks, newServer),
    withSessions: () => user.server.withSessions(tasks, handler(), newServer),
    wrapHandler: () => user.server.wrapHandler(tasks, handler()),
    wrapTransport: () => user.server.wrapTransport(tasks, user.sdk.InMemoryTransport.createLinkedPair()[0]),
    connectTestClient: () => user.serverTesting.connectTestClient(tasks, { generation: '2026-07-28' }),
    workflow: () => user.workflows.workflow(tasks, 'flow', { description: 'A workflow' }, build),
    workflowsOf: () => user.serving.workflowsOf(tasks),
    inspect: () => user.runnerTesting.inspect(tasks),
    runCall: () => user.engine.runCall(tasks, call, { signal: new AbortController().signal }),
    amendTask: () => user.engine.amendTask(tasks, task, () => ({ kind: 'done', value: 1 })),
    leaseOf: async () => {
      let seen;
      const options = { inputSchema: z.object({}) };
      tasks.tool('look', options, (_args, context) => {
        try {
          user.engine.leaseOf(context);
        } catch (error) {
          seen = error;
        }
        return { content: [] };
      });
      await tasks.runInline({ ...call, tool: 'look' }, { signal: new AbortController().signal });
      if (seen !== undefined) throw seen;
    },
    field: () => user.workflows.field(referenceOf(maker), 'line'),
    reference: () => {
      const arguments_ = { line: referenceOf(maker).line };
      user.workflows.workflow(own, 'flow', { description: 'A workflow' }, ({ step }) =>
        step('one', { client: true, tool: 'tell', arguments: arguments_ }),
      );
    },
    'server of the SDK': () => user.server.attach(own, new maker.sdk.McpServer({ name: 'x', version: '1' })),
    'store, which any copy takes': async () => {
      const layer = user.runner.createTasks({ store: maker.store.memoryStore() });
      await layer.start();
      await layer.close();
    },
  };
};

const results = [];
for (const [how, maker, user] of [['import', required, imported], ['require', imported, required]]) {
  for (const [use, run] of Object.entries(usesOf(maker, user))) {
    let error;
    try {
      await run();
    } catch (thrown) {
      error = { code: thrown.code ?? thrown.name, message: thrown.message, known: user.store.TaskError.is(thrown) };
    }
    results.push({ how, use, error });
  }
}
console.log(JSON.stringify(results));
process.exit();
`;

/** Runs a case of the contract that needs a second process, whose store cannot be opened, and prints the failure. */
export const SECOND_PROCESS = {
  needs: { '@mcp-tasks/store': ['memoryStore'], '@mcp-tasks/store-kit': ['contractCases'] },
  body: `
const opener = 'data:text/javascript,export const connect = () => { throw new TypeError("This store is shut."); };';
const harness = {
  create: async () => ({ connect: async () => memoryStore(), destroy: async () => {}, process: { module: opener } }),
};
contractCases
  .find(({ id }) => id === 'second-process')
  .run(harness)
  .catch((error) => console.log(error.message));
`,
};

/** Prints what each entry exports, or why it cannot be loaded. ENTRIES and LOAD are filled in. */
export const LIST_EXPORTS = `
async function main() {
  const found = {};
  for (const entry of ENTRIES) {
    try {
      found[entry] = Object.keys(await LOAD(entry)).sort();
    } catch (error) {
      found[entry] = error.message;
    }
  }
  console.log(JSON.stringify(found));
}
main();
`;
