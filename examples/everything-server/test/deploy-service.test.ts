import { WORKFLOW_META_KEY } from '@mcp-tasks/wire';
import { describe, expect, it } from 'vitest';
import { callerOf, GENERATIONS, serverOf } from './raw-client.ts';
import {
  callFor,
  getPrompt,
  pollWorkflow,
  resultOf,
  statuses,
  stepIs,
  TALKS,
  workflowMetaOf,
} from './workflow-talk.ts';

const isCompleted = ({ status }: { readonly status: string }) => status === 'completed';
const STEPS = ['validate_config', 'estimate_cost', 'approve', 'deploy', 'notify'];
const INVALID_PARAMS = -32602;

const after = (completed: number, ...others: readonly string[]) =>
  Object.fromEntries(
    STEPS.map((step, index) => [step, index < completed ? 'completed' : (others[index - completed] ?? 'pending')]),
  );

describe.each(TALKS)('deploy_service, $title', ({ open }) => {
  it('[WINT-04][FNDX-01][EXEC-01][HAND-03][CONT-03] goes from the prompt over two hand-offs to its result', async () => {
    const talk = await open();
    const prompted = await getPrompt(talk, 'deploy_service', { region: 'eu' });
    const { taskId } = prompted.meta;
    expect(statuses(prompted.meta)).toEqual(after(2));
    expect(prompted.meta).toMatchObject({
      status: 'working',
      pause: { type: 'clientStep', blockedStep: 'approve', suggestedTool: 'approve' },
      remaining: [
        { step: 'approve', tool: 'approve', arguments: { monthlyUsd: 30 } },
        {
          step: 'notify',
          tool: 'notify',
          unresolved: ['url'],
          guidance: 'Tell the people who use the service in eu where it runs now.',
        },
      ],
    });
    expect(prompted.handOff).toContain('To continue the workflow');
    expect(prompted.handOff).toContain('Call approve with {"monthlyUsd":30}');
    expect(prompted.handOff).toContain(taskId);

    const approved = await callFor(talk, { taskId }, 'approve', { monthlyUsd: 30 });
    expect(approved.result.structuredContent).toEqual({ approved: true });
    expect(approved.meta).toMatchObject({ taskId, matchedStep: 'approve' });

    const deployed = await pollWorkflow(talk, taskId, stepIs('deploy', 'completed'));
    expect(statuses(deployed)).toEqual(after(4));
    const [notify, ...others] = deployed.remaining;
    expect(others).toEqual([]);
    expect(notify).toMatchObject({ step: 'notify', arguments: { url: 'https://eu.example' } });

    const notified = await callFor(talk, { taskId }, 'notify', { url: 'https://eu.example' });
    expect(notified.meta).toMatchObject({ matchedStep: 'notify', remaining: [] });
    expect(statuses(await pollWorkflow(talk, taskId, isCompleted))).toEqual(after(5));
    expect((await resultOf(talk, taskId)).structuredContent).toMatchObject({
      workflow: 'deploy_service',
      outputs: {
        validate_config: { region: 'eu', replicas: 3 },
        estimate_cost: { monthlyUsd: 30 },
        approve: { approved: true },
        deploy: { url: 'https://eu.example' },
        notify: { notified: true },
      },
    });
  });

  it('[EXEC-03][PAUS-01][CONT-02] deploys to flaky when a call repeats the step that failed once', async () => {
    const talk = await open();
    const { taskId } = (await getPrompt(talk, 'deploy_service', { region: 'flaky' })).meta;
    await callFor(talk, { taskId }, 'approve', { monthlyUsd: 30 });
    const failed = await pollWorkflow(talk, taskId, stepIs('deploy', 'failed'));
    expect(failed.status).toBe('working');
    expect(failed.pause).toMatchObject({ type: 'toolError', failedStep: 'deploy', retryable: true });
    expect(failed.remaining).toMatchObject([
      { step: 'deploy', arguments: { region: 'flaky', approved: true }, pause: { type: 'toolError' } },
      { step: 'notify', pause: { type: 'unresolvedDependency', blockedStep: 'notify', producingStep: 'deploy' } },
    ]);
    const again = await getPrompt(talk, 'deploy_service', undefined, { [WORKFLOW_META_KEY]: { taskId } });
    expect(again.meta).toMatchObject({ taskId, pause: failed.pause });
    expect(again.handOff).toContain('Call deploy with {"region":"flaky","approved":true}');

    const deployed = await callFor(talk, { taskId }, 'deploy', { region: 'flaky', approved: true });
    expect(deployed.result.structuredContent).toEqual({ url: 'https://flaky.example' });
    expect(deployed.meta).toMatchObject({ matchedStep: 'deploy', remaining: [{ step: 'notify' }] });
    await callFor(talk, { taskId }, 'notify', { url: 'https://flaky.example' });
    await pollWorkflow(talk, taskId, isCompleted);
  });

  it('[EXEC-03][PAUS-01] says that repeating a deployment to broken will not help, and goes on when it is called with other arguments', async () => {
    const talk = await open();
    const { taskId } = (await getPrompt(talk, 'deploy_service', { region: 'broken' })).meta;
    await callFor(talk, { taskId }, 'approve', { monthlyUsd: 30 });
    const failed = await pollWorkflow(talk, taskId, stepIs('deploy', 'failed'));
    expect(failed.pause).toMatchObject({ type: 'toolError', failedStep: 'deploy', retryable: false });

    const args = { region: 'broken', approved: true };
    const repeated = await callFor(talk, { taskId }, 'deploy', args);
    expect(repeated.result.isError).toBe(true);
    expect(repeated.meta).toMatchObject({ matchedStep: 'deploy', pause: { type: 'toolError', retryable: false } });
    const elsewhere = await callFor(talk, { taskId, step: 'deploy' }, 'deploy', { ...args, region: 'eu' });
    expect(elsewhere.meta).toMatchObject({
      matchedStep: 'deploy',
      remaining: [{ arguments: { url: 'https://eu.example' } }],
    });
  });

  it('[CONT-01] goes on by the tool continue_workflow, as a model would', async () => {
    const talk = await open();
    const { taskId } = (await getPrompt(talk, 'deploy_service', { region: 'eu' })).meta;
    const continueBy = async (step: string, args: object) => {
      const call = { name: 'continue_workflow', arguments: { taskId, step, arguments: args } };
      const { result, error } = await talk.request('tools/call', call);
      expect(error).toBeUndefined();
      return workflowMetaOf(result);
    };
    expect(await continueBy('approve', { monthlyUsd: 30 })).toMatchObject({ matchedStep: 'approve' });
    await pollWorkflow(talk, taskId, stepIs('deploy', 'completed'));
    expect(await continueBy('notify', { url: 'https://eu.example' })).toMatchObject({ matchedStep: 'notify' });
    await pollWorkflow(talk, taskId, isCompleted);
  });

  it('[FNDX-01] refuses a prompt without its argument, and one whose argument is no string, by naming it', async () => {
    const talk = await open();
    for (const args of [{}, { region: 7 }]) {
      const { error } = await talk.request('prompts/get', { name: 'deploy_service', arguments: args });
      expect(error).toMatchObject({ code: INVALID_PARAMS, message: expect.stringContaining('region') as string });
    }
  });

  it('answers a call for an unknown task as usual, with a warning', async () => {
    const talk = await open();
    const { result, error } = await talk.request('tools/call', {
      name: 'approve',
      arguments: { monthlyUsd: 1 },
      _meta: { _task_id: '00000000-0000-4000-8000-000000000000' },
    });
    expect(error).toBeUndefined();
    expect(result.structuredContent).toEqual({ approved: true });
    expect(result._meta[WORKFLOW_META_KEY]).toEqual({
      warning: expect.stringContaining('nothing was recorded') as string,
    });
  });
});

describe.each(GENERATIONS)('the tools of deploy_service in %i', (generation) => {
  it.each([
    ['validate_config', { region: 'flaky' }, { region: 'flaky', replicas: 3 }],
    ['estimate_cost', { replicas: 4 }, { monthlyUsd: 40 }],
    ['approve', { monthlyUsd: 40 }, { approved: true }],
    ['deploy', { region: 'flaky', approved: true }, { url: 'https://flaky.example' }],
    ['notify', { url: 'https://eu.example' }, { notified: true }],
  ])('%s can be called by itself, and announces its result', async (tool, args, structured) => {
    const { url } = await serverOf({ STEP_MS: `${2 ** 31 - 1}` });
    const caller = callerOf(generation, url);
    const deviation = { capabilities: {} };
    const { result } = await caller.request('tools/call', { name: tool, arguments: args }, deviation);
    expect(result).toMatchObject({ structuredContent: structured });
    expect(result.isError ?? false).toBe(false);
    const { tools } = (await caller.request('tools/list', {}, deviation)).result;
    expect(tools.find(({ name }) => name === tool)?.outputSchema).toMatchObject({ type: 'object' });
  });

  it('deploy to broken fails outside of a workflow too', async () => {
    const { url } = await serverOf();
    const call = { name: 'deploy', arguments: { region: 'broken', approved: true } };
    const { result } = await callerOf(generation, url).request('tools/call', call, { capabilities: {} });
    expect(result.isError).toBe(true);
  });

  it('deploy_service is listed as prompt and as tool, and as a task shows the step that STEP_MS keeps running until it is cancelled', async () => {
    const { url } = await serverOf({ STEP_MS: '3600000' });
    const caller = callerOf(generation, url);
    const { prompts } = (await caller.request('prompts/list')).result;
    expect(prompts.find(({ name }) => name === 'deploy_service')?.arguments).toMatchObject([
      { name: 'region', required: true },
    ]);
    const { taskId } = await caller.startTask('deploy_service', { region: 'eu' });
    await pollWorkflow(caller, taskId, stepIs('validate_config', 'running'));
    expect((await caller.request('tasks/cancel', { taskId })).error).toBeUndefined();
    await caller.pollUntil(taskId, 'cancelled');
  });
});
