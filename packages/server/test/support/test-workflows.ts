import { createTasks, type Tasks, type TasksOptions, type WorkflowStepInfo } from '@mcp-tasks/runner';
import { memoryStore, type TaskStore } from '@mcp-tasks/store';
import {
  JSON_RPC_ERROR,
  type JsonObject,
  ProtocolFailure,
  WORKFLOW_META_KEY,
  type WorkflowMeta,
} from '@mcp-tasks/wire';
import { StepError, workflow } from '@mcp-tasks/workflow';
import { McpServer, UrlElicitationRequiredError } from '@modelcontextprotocol/server';
import { z } from 'zod';

/** What the tools of the workflows did, for tests to look at and to steer. */
export interface TestWorkflows {
  readonly tasks: Tasks;
  readonly store: TaskStore;
  /** Names of tools, each time one of them began to run. */
  readonly runs: string[];
  /** What `approve` was told of the step that it runs as. */
  readonly infos: (WorkflowStepInfo | undefined)[];
  /** Values of `task.caller` as `tell_caller` saw them. */
  readonly callers: unknown[];
  /** Let every run of `hold` go on. */
  release(): void;
}

/** How many steps `many_approvals` has, all for the client. */
export const MANY = 20;

const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] });
const structured = <Value extends object>(value: Value) => ({
  ...text(JSON.stringify(value)),
  structuredContent: value,
});

/** A task layer with workflows for each thing that a client can do with one. */
export function createTestWorkflows(
  options: TasksOptions & { readonly store?: TaskStore | undefined } = {},
): TestWorkflows {
  const store = options.store ?? memoryStore();
  const tasks = createTasks({ ...options, store });
  const waiting: (() => void)[] = [];
  const made: TestWorkflows = {
    tasks,
    store,
    runs: [],
    infos: [],
    callers: [],
    release: () => {
      for (const go of waiting.splice(0)) go();
    },
  };
  const tools = registerTools(made, waiting);
  registerWorkflows(tasks, tools);
  return made;
}

function registerTools({ tasks, runs, infos, callers }: TestWorkflows, waiting: (() => void)[]) {
  const validateConfig = tasks.tool(
    'validate_config',
    {
      inputSchema: z.object({ region: z.string() }),
      outputSchema: z.object({ region: z.string(), replicas: z.number() }),
    },
    ({ region }) => {
      runs.push('validate_config');
      return structured({ region, replicas: 3 });
    },
  );
  const approve = tasks.tool(
    'approve',
    {
      inputSchema: z.object({ replicas: z.number() }),
      outputSchema: z.object({ approved: z.boolean() }),
      taskSupport: 'required',
    },
    ({ replicas }, task) => {
      runs.push('approve');
      infos.push(task.workflow);
      if (replicas === 13) throw new ProtocolFailure(JSON_RPC_ERROR.INTERNAL_ERROR - 1000, 'unlucky', { replicas });
      if (replicas > 100) throw new StepError('too many', { retryable: false });
      return structured({ approved: true });
    },
  );
  const deploy = tasks.tool(
    'deploy',
    {
      inputSchema: z.object({ region: z.string(), approved: z.boolean() }),
      outputSchema: z.object({ url: z.string() }),
    },
    ({ region }) => {
      runs.push('deploy');
      return structured({ url: `https://${region}.example` });
    },
  );
  const tellCaller = tasks.tool('tell_caller', {}, (_args, task) => {
    callers.push(task.caller);
    return text('told');
  });
  const asksFirst = tasks.tool(
    'asks_first',
    { ask: { user: { message: 'Who?', schema: z.object({ name: z.string() }) } } },
    (_args, { answers: { user } }) => {
      runs.push('asks_first');
      return text(user.action === 'accept' ? user.content.name : user.action);
    },
  );
  const hold = tasks.tool('hold', {}, async (_args, task) => {
    runs.push('hold');
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      task.signal.addEventListener('abort', () => {
        resolve();
      });
    });
    return text('released');
  });
  return { validateConfig, approve, deploy, tellCaller, asksFirst, hold };
}

function registerWorkflows(tasks: Tasks, tools: ReturnType<typeof registerTools>): void {
  const { validateConfig, approve, deploy, tellCaller, asksFirst, hold } = tools;
  const deployArguments = z.object({ region: z.string().describe('Where to'), note: z.string().optional() });
  const deployOptions = { title: 'Deploy', description: 'Deploy the service', arguments: deployArguments };
  workflow(tasks, 'deploy_service', { ...deployOptions, ttlMs: 90_000 }, ({ args, step }) => {
    const config = step('validate', { tool: validateConfig, arguments: { region: args.region } });
    const approval = step('approve', {
      client: true,
      tool: approve,
      arguments: { replicas: config.output.replicas },
      guidance: 'Ask the person on duty',
      retryable: true,
    });
    const deployed = step('deploy', {
      tool: deploy,
      arguments: { region: config.output.region, approved: approval.output.approved },
    });
    step('announce', { client: true, tool: 'announce', arguments: { url: deployed.output.url } });
  });
  workflow(tasks, 'plain_check', { ...deployOptions, durable: false }, ({ args, step }) => {
    const config = step('validate', { tool: validateConfig, arguments: { region: args.region } });
    step('announce', { client: true, tool: 'announce', arguments: { replicas: config.output.replicas } });
  });
  const counted = z.object({ count: z.coerce.number().int() });
  workflow(tasks, 'count', { description: 'Count', arguments: counted }, ({ args, step }) => {
    step('approve', { client: true, tool: approve, arguments: { replicas: args.count } });
  });
  workflow(tasks, 'check_only', { description: 'Check', arguments: deployArguments }, ({ args, step }) => {
    step('validate', { tool: validateConfig, arguments: { region: args.region } });
  });
  workflow(tasks, 'slow', { description: 'Wait' }, ({ step }) => {
    step('hold', { tool: hold });
    step('report', { client: true, guidance: 'Tell how it went' });
  });
  workflow(tasks, 'tells_caller', { description: 'Tell who calls' }, ({ step }) => {
    step('tell', { tool: tellCaller });
  });
  workflow(tasks, 'signed', { description: 'Sign' }, ({ step }) => {
    step('sign', { client: true, tool: 'sign' });
  });
  workflow(tasks, 'guided', { description: 'Tell' }, ({ step }) => {
    step('report', { client: true, guidance: 'Tell how it went' });
  });
  workflow(tasks, 'asking', { description: 'Ask' }, ({ step }) => {
    step('name', { client: true, elicit: { message: 'Who?', schema: z.object({ name: z.string() }) } });
  });
  workflow(tasks, 'first_asked', { description: 'Ask before' }, ({ step }) => {
    step('who', { client: true, tool: asksFirst });
  });
  workflow(tasks, 'many_approvals', { description: 'Approve much' }, ({ step }) => {
    for (let n = 1; n <= MANY; n += 1)
      step(`approve ${n}`, { client: true, tool: approve, arguments: { replicas: n + 20 } });
  });
}

/** A server with tools of its own beside those of the workflows: one that a step names, and one that asks in rounds. */
export function createServerWithTools(): McpServer {
  const mcp = new McpServer({ name: 'test', version: '0' });
  mcp.registerTool('sign', {}, () => {
    throw new UrlElicitationRequiredError([
      { mode: 'url', message: 'Sign in', elicitationId: 'e1', url: 'https://sign.example' },
    ]);
  });
  mcp.registerTool('announce', { inputSchema: z.object({ url: z.string() }) }, ({ url }) => {
    if (url.endsWith('/broken')) throw new TypeError('cannot announce');
    return { ...text(`announced ${url}`), structuredContent: { announced: url } };
  });
  return mcp;
}

/** What `_meta` of an answer says of a workflow. */
export function workflowMeta(answer: JsonObject): WorkflowMeta {
  const { [WORKFLOW_META_KEY]: meta } = answer['_meta'] as Record<string, unknown>;
  return meta as WorkflowMeta;
}

/** The texts of a conversation. */
export function texts({ messages }: JsonObject): string[] {
  return (messages as unknown as { content: { text: string } }[]).map(({ content }) => content.text);
}

/** How far each step is. */
export function statuses({ steps }: WorkflowMeta): Record<string, string> {
  return Object.fromEntries(steps.map(({ name, status }) => [name, status]));
}
