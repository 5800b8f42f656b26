import { WORKFLOW_META_KEY, type WorkflowRemainingStep } from '@mcp-tasks/wire';
import { expect } from 'vitest';
import { type Continued, type Ended, type InteropClient, JOKE } from './clients/client.ts';

/** The clients, by who wrote them and the revision that they speak. */
export const CLIENTS = ['ext-tasks 2026-07-28', 'ext-tasks 2025-11-25', 'SDK v1 2025-11-25'] as const;
export type ClientName = (typeof CLIENTS)[number];

const METHOD_NOT_FOUND = -32601;
const INTERNAL_ERROR = -32603;
const MISSING_REQUIRED_CLIENT_CAPABILITY = -32021;

/** One conversation. */
export interface Flow {
  readonly name: string;
  readonly run: (client: InteropClient, name: ClientName) => Promise<void>;
  /** Why the protocol has no such conversation for a client. */
  readonly excluded?: Partial<Record<ClientName, string>>;
}

/** What a client shows when all went well. */
function completed(text: string, more: Partial<Ended> = {}): Ended {
  return { asTask: true, status: 'completed', text, structured: undefined, isError: false, ...more };
}

/** A flow of one call, with what each client shows at its end. */
function oneCall(
  name: string,
  [tool, args]: readonly [tool: string, args?: Record<string, string | number>],
  expected: Ended | Record<ClientName, Partial<Ended>>,
): Flow {
  return {
    name,
    run: async (client, clientName) => {
      const ended = await client.call(tool, args);
      if ('status' in expected) expect(ended).toEqual(expected);
      else expect(ended).toMatchObject(expected[clientName]);
    },
  };
}

const DEPLOYED: Partial<Ended> = {
  asTask: true,
  status: 'completed',
  isError: false,
  structured: {
    workflow: 'deploy_service',
    steps: ['validate_config', 'estimate_cost', 'approve', 'deploy', 'notify'].map((step) => ({
      name: step,
      tool: step,
      status: 'completed',
    })),
    outputs: {
      validate_config: { region: 'eu', replicas: 3 },
      estimate_cost: { monthlyUsd: 30 },
      approve: { approved: true },
      deploy: { url: 'https://eu.example' },
      notify: { notified: true },
    },
  },
};

/** Does a step of a workflow. */
type DoStep = (step: WorkflowRemainingStep) => Promise<Continued>;

/** Do what is left to the client of `deploy_service`, as the server hands it over, step by step. */
async function doClientSteps(client: InteropClient, taskId: string, doStep: DoStep): Promise<void> {
  for (const [step, output] of [
    ['approve', { approved: true }],
    ['notify', { notified: true }],
  ] as const) {
    // The prompt of a workflow that goes on answers when it waits again.
    const { workflow, text } = await client.getPrompt('deploy_service', undefined, {
      [WORKFLOW_META_KEY]: { taskId },
    });
    expect(workflow).toMatchObject({ taskId, status: 'working', pause: { type: 'clientStep', blockedStep: step } });
    const [next] = workflow.remaining;
    if (next?.tool !== step) throw new Error(`${step} is not what remains first`);
    expect(text).toContain(`1. Call ${step} with ${JSON.stringify(next.arguments)}`);
    const { workflow: after, structured } = await doStep(next);
    expect(structured).toEqual(output);
    expect(after.matchedStep).toBe(step);
  }
}

const PAGE_SIZE = 50;
const LISTED_TASKS = PAGE_SIZE + 3;

export const FLOWS: readonly Flow[] = [
  oneCall('greet, which is never a task', ['greet', { name: 'Ada' }], completed('Hello, Ada!', { asTask: false })),
  oneCall('compute', ['slow_compute', { seconds: 0.2, label: 'interop' }], completed('done: interop')),
  oneCall('structured result', ['structured', { n: 7 }], completed('{"square":49}', { structured: { square: 49 } })),
  oneCall('tool error', ['failing_job'], {
    'ext-tasks 2026-07-28': completed('failing_job failed', { isError: true }),
    'ext-tasks 2025-11-25': { asTask: true, status: 'failed', message: 'failing_job failed' },
    'SDK v1 2025-11-25': { asTask: true, status: 'failed', text: 'failing_job failed', isError: true },
  }),
  oneCall('protocol error', ['protocol_error_job'], {
    'ext-tasks 2026-07-28': {
      asTask: true,
      status: 'failed',
      code: INTERNAL_ERROR,
      message: 'protocol_error_job failed',
    },
    // This client shows the status message and drops the code.
    'ext-tasks 2025-11-25': { asTask: true, status: 'failed', message: 'protocol_error_job failed' },
    'SDK v1 2025-11-25': {
      asTask: true,
      status: 'failed',
      code: INTERNAL_ERROR,
      message: `MCP error ${INTERNAL_ERROR}: protocol_error_job failed`,
    },
  }),
  oneCall('one question', ['confirm_delete', { filename: 'notes.txt' }], completed('deleted notes.txt')),
  oneCall('two questions at the same time', ['multi_input'], completed('Ada and Grace')),
  oneCall('ask, then task', ['test_tool_with_task'], completed('Hello, Ada!')),
  oneCall('sampling', ['sample_joke', { topic: 'tasks' }], completed(JOKE)),
  {
    name: 'cancel',
    run: async (client) => {
      const task = await client.start('slow_compute', { seconds: 3_600 });
      await task.cancel();
      expect(await task.ended).toMatchObject({ asTask: true, status: 'cancelled' });
    },
  },
  {
    name: 'list in pages',
    run: async (client) => {
      const started: string[] = [];
      for (let n = 0; n < LISTED_TASKS; n += 1) {
        const task = await client.start('structured', { n });
        started.unshift(task.taskId);
        await task.ended;
      }
      const pages = await client.listTaskIds();
      expect(pages.map((page) => page.length)).toEqual([PAGE_SIZE, LISTED_TASKS - PAGE_SIZE]);
      expect(pages.flat().toSorted()).toEqual(started.toSorted());
    },
    excluded: { 'ext-tasks 2026-07-28': 'the 2026-07-28 extension has no tasks/list' },
  },
  {
    name: '[WINT-04][CONT-01] workflow, begun by its prompt and continued by _meta',
    run: async (client) => {
      const begun = await client.getPrompt('deploy_service', { region: 'eu' }, {});
      const { taskId } = begun.workflow;
      await doClientSteps(client, taskId, ({ step, tool, arguments: args }) =>
        client.callInline(tool ?? step, args, { [WORKFLOW_META_KEY]: { taskId } }),
      );
      expect(await client.follow(taskId)).toMatchObject(DEPLOYED);
    },
  },
  {
    name: '[WINT-04][CONT-01] workflow, begun by its tool as a task and continued by continue_workflow',
    run: async (client) => {
      const { taskId, ended } = await client.start('deploy_service', { region: 'eu' });
      await doClientSteps(client, taskId, ({ step, arguments: args }) =>
        client.callInline('continue_workflow', { taskId, step, arguments: args }, {}),
      );
      expect(await ended).toMatchObject(DEPLOYED);
    },
  },
  {
    name: 'required tool, called without a task, is refused',
    run: async (client, name) => {
      const expected = name === 'ext-tasks 2026-07-28' ? MISSING_REQUIRED_CLIENT_CAPABILITY : METHOD_NOT_FOUND;
      expect(await client.callWithoutTask('failing_job')).toBe(expected);
    },
  },
];
