import { createTasks, type Tasks, type TasksOptions } from '@mcp-tasks/runner';
import { memoryStore, type TaskStore } from '@mcp-tasks/store';
import { JSON_RPC_ERROR, ProtocolFailure } from '@mcp-tasks/wire';
import { z } from 'zod';

/** What the tools did, for tests to look at and to steer. */
export interface TestTools {
  readonly tasks: Tasks;
  readonly store: TaskStore;
  /** Names of tools, each time one of them began to run. */
  readonly runs: string[];
  /** Let every run that waits go on: of `hold`, and of `reports` after each part. */
  release(): void;
  /** The signals of the runs of `hold`. */
  readonly signals: AbortSignal[];
  /** Values of `task.caller` as `whoami` saw them. */
  readonly callers: unknown[];
}

const nameForm = { message: 'What is your name?', schema: z.object({ name: z.string() }) };

const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] });

/** Options of a task layer whose store a test can look into. */
export type TestToolsOptions = TasksOptions & { readonly store?: TaskStore | undefined };

/** A task layer with one tool for each thing that a tool can do. Its tasks may live as short as a test likes. */
export function createTestTools(options: TestToolsOptions = {}): TestTools {
  const store = options.store ?? memoryStore();
  const tasks = createTasks({ ...options, store, limits: { minTtlMs: 1, ...options.limits } });
  const waiting: (() => void)[] = [];
  const tools: TestTools = {
    tasks,
    store,
    runs: [],
    signals: [],
    callers: [],
    release: () => {
      for (const go of waiting.splice(0)) go();
    },
  };
  const waitForRelease = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      waiting.push(resolve);
      signal.addEventListener('abort', () => {
        resolve();
      });
    });
  const began = (name: string): void => {
    tools.runs.push(name);
  };

  tasks.tool('greet', { taskSupport: 'forbidden', inputSchema: z.object({ name: z.string() }) }, ({ name }) => {
    began('greet');
    return text(`Hello, ${name}!`);
  });
  tasks.tool('echo', { inputSchema: z.object({ value: z.string() }), immediateResponse: 'echoing' }, ({ value }) => {
    began('echo');
    return text(value);
  });
  tasks.tool('whoami', {}, (_args, task) => {
    tools.callers.push(task.caller);
    return text(`${task.owner} ${task.inline ? 'inline' : 'task'}`);
  });
  tasks.tool('hold', {}, async (_args, task) => {
    began('hold');
    tools.signals.push(task.signal);
    await waitForRelease(task.signal);
    return text('released');
  });
  tasks.tool('must_be_task', { taskSupport: 'required', inputSchema: z.object({ n: z.number().optional() }) }, () => {
    began('must_be_task');
    return text('done');
  });
  tasks.tool('tool_error', {}, () => ({ ...text('it broke'), isError: true }));
  tasks.tool('protocol_error', {}, () => {
    throw new ProtocolFailure(JSON_RPC_ERROR.INTERNAL_ERROR - 1000, 'refused by the tool', { reason: 'because' });
  });
  tasks.tool('structured', { outputSchema: z.object({ n: z.number() }) }, () => ({
    ...text('{"n":1}'),
    structuredContent: { n: 1 },
  }));
  tasks.tool('plain_value', { outputSchema: z.number() }, () => ({ content: [], structuredContent: 42 }));
  tasks.tool('publishes', {}, async (_args, task) => {
    await task.publish('shown', { a: 1 });
    await task.set('secret', 'never');
    return text('published');
  });
  tasks.tool('reports', { inputSchema: z.object({ total: z.number().optional() }) }, async ({ total = 3 }, task) => {
    for (let done = 1; done <= total; done++) {
      // Before the report: who hears of it may release at once.
      const released = waitForRelease(task.signal);
      task.progress(done, total, `part ${done}`);
      await task.set('done', done);
      await released;
    }
    return text('reported');
  });
  tasks.tool('asks', { onCrash: 'rerun' }, async (_args, task) => {
    began('asks');
    const answer = await task.elicit('name', nameForm);
    return text(answer.action === 'accept' ? `Hello, ${answer.content.name}!` : answer.action);
  });
  tasks.tool('asks_two', { taskSupport: 'required', onCrash: 'rerun' }, async (_args, task) => {
    const [first, second] = await Promise.all([task.elicit('first', nameForm), task.elicit('second', nameForm)]);
    return text(
      [first, second].map((answer) => (answer.action === 'accept' ? answer.content.name : '-')).join(' and '),
    );
  });
  tasks.tool('samples', { onCrash: 'rerun' }, async (_args, task) => {
    const message = { role: 'user', content: { type: 'text', text: 'A joke, please' } };
    const { content } = await task.sample('joke', { messages: [message], maxTokens: 100 });
    return text(JSON.stringify(content));
  });
  tasks.tool('asks_first', { ask: { user_name: nameForm } }, (_args, { answers }) => {
    began('asks_first');
    const { user_name: answer } = answers;
    return text(answer.action === 'accept' ? `Hello, ${answer.content.name}!` : answer.action);
  });
  return tools;
}
