import { type JsonObject, WORKFLOW_META_KEY } from '@mcp-tasks/wire';
import { McpServer } from '@modelcontextprotocol/server';
import { beforeEach, describe, expect, it } from 'vitest';
import { attach } from '../../../src/index.ts';
import type { TestClient } from '../../../src/testing.ts';
import { createTestWorkflows, statuses, type TestWorkflows, workflowMeta } from '../../support/test-workflows.ts';
import { type ConnectClient, serveTestWorkflows } from '../../support/workflow-clients.ts';

describe.each(['2025-11-25', '2026-07-28'] as const)('the tool to continue a workflow by, in %s', (generation) => {
  let made: TestWorkflows;
  let client: TestClient;
  let connect: ConnectClient;

  beforeEach(async () => {
    const served = await serveTestWorkflows(generation);
    ({ made, client, connect } = served);
    return served.close;
  });

  const begin = async (name: string, args: JsonObject = {}) =>
    workflowMeta(await client.request('prompts/get', { name, arguments: args }));
  const go = (taskId: string, step: string, args?: JsonObject, from = client) =>
    from.request('tools/call', {
      name: 'continue_workflow',
      arguments: { taskId, step, ...(args !== undefined && { arguments: args }) },
    });
  const wait = (taskId: string, from = client) =>
    from.request('tools/call', { name: 'continue_workflow', arguments: { taskId, arguments: {} } });
  const get = async (taskId: string) => workflowMeta(await client.request('tasks/get', { taskId }));
  const said = ({ content }: JsonObject) => (content as { text: string }[]).map(({ text }) => text).join('\n');

  it('[WINT-04] [CONT-01] takes a workflow to its end, by the words of the hand-off alone', async () => {
    const { taskId } = await begin('deploy_service', { region: 'eu' });
    const approved = await go(taskId, 'approve', { replicas: 3 });
    expect(approved).toMatchObject({ structuredContent: { approved: true } });
    expect(said(approved)).toContain('approve');
    expect(workflowMeta(approved)).toMatchObject({ taskId, matchedStep: 'approve' });
    expect(made.infos).toEqual([{ workflow: 'deploy_service', taskId, step: 'approve', attempt: 1 }]);
    await expect.poll(async () => statuses(await get(taskId))).toMatchObject({ deploy: 'completed' });
    const announced = await go(taskId, 'announce', { announced: 'by mail' });
    expect(said(announced)).toContain('complete');
    expect(workflowMeta(announced)).toMatchObject({ matchedStep: 'announce', status: 'completed', remaining: [] });
    const record = await made.tasks.for('test').get(taskId, ['result']);
    expect(JSON.parse(record.entries[0]?.value ?? '')).toMatchObject({
      structuredContent: { outputs: { announce: { announced: 'by mail' } } },
    });
  });

  it('takes the arguments of the hand-off where none are given', async () => {
    const { taskId } = await begin('deploy_service', { region: 'eu' });
    expect(await go(taskId, 'approve')).toMatchObject({ structuredContent: { approved: true } });
  });

  it('[HAND-02] says in the text what it says in _meta', async () => {
    const { taskId } = await begin('many_approvals');
    const answer = await go(taskId, 'approve 7');
    const { remaining } = workflowMeta(answer);
    expect(remaining.map(({ step }) => step)).not.toContain('approve 7');
    for (const { arguments: args } of remaining)
      expect(said(answer)).toContain(`Call approve with ${JSON.stringify(args)}`);
  });

  it('records a failure, and tells what to do about it', async () => {
    const { taskId } = await begin('deploy_service', { region: 'eu' });
    const failed = await go(taskId, 'approve', { replicas: 13 });
    expect(failed).toMatchObject({ isError: true });
    expect(said(failed)).toContain('unlucky');
    expect(workflowMeta(failed)).toMatchObject({ matchedStep: 'approve', steps: [{}, { status: 'failed' }, {}, {}] });
    expect(await go(taskId, 'approve', { replicas: 4 })).toMatchObject({ structuredContent: { approved: true } });
  });

  it('records arguments that do not fit as a failure, without running the tool', async () => {
    const { taskId } = await begin('deploy_service', { region: 'eu' });
    const failed = await go(taskId, 'approve', { replicas: 'many' });
    expect(failed).toMatchObject({ isError: true });
    expect(said(failed)).toContain('replicas');
    expect(statuses(await get(taskId))).toMatchObject({ approve: 'failed' });
    expect(made.runs).toEqual(['validate_config']);
  });

  it('asks for the result of a tool that is not ours, and does not take its arguments for it', async () => {
    const { taskId } = await begin('deploy_service', { region: 'eu' });
    await go(taskId, 'approve');
    await expect.poll(async () => statuses(await get(taskId))).toMatchObject({ deploy: 'completed' });
    for (const args of [undefined, { url: 'https://eu.example' }]) {
      const answer = await go(taskId, 'announce', args);
      expect(answer).toMatchObject({ isError: true });
      expect(said(answer)).toContain('"announce"');
    }
    expect(statuses(await get(taskId))).toMatchObject({ announce: 'pending' });
  });

  it('takes a step that calls no tool for done', async () => {
    const { taskId } = await begin('guided');
    expect(workflowMeta(await go(taskId, 'report'))).toMatchObject({ matchedStep: 'report', status: 'completed' });
  });

  it('runs nothing for a step that is done, or that there is not', async () => {
    const { taskId } = await begin('many_approvals');
    await go(taskId, 'approve 1');
    for (const step of ['approve 1', 'approve 0']) {
      const answer = await go(taskId, step);
      expect(answer).toMatchObject({ isError: true });
      expect(said(answer)).toContain(`"${step}"`);
      expect(said(answer)).toContain('Call approve with');
    }
    expect(made.runs).toEqual(['approve']);
  });

  it("says the same of tasks that are not this caller's, and runs nothing", async () => {
    const { taskId } = await begin('deploy_service', { region: 'eu' });
    const eve = await connect({ owner: () => 'eve' });
    const nobody = await connect({ owner: () => undefined, onWarning: () => undefined });
    const answers = await Promise.all([
      go('unknown', 'approve'),
      wait('unknown'),
      go(taskId, 'approve', undefined, eve),
      wait(taskId, eve),
      go(taskId, 'approve', undefined, nobody),
    ]);
    for (const answer of answers) {
      expect(answer).toMatchObject({ isError: true });
      expect(said(answer)).toBe(
        'No workflow task of yours has this taskId, or it has expired. Nothing was run or recorded.',
      );
      expect(answer).toEqual(answers[0]);
    }
    expect(made.runs).toEqual(['validate_config']);
  });

  it('says that a workflow has ended, and what it came to, instead of doing a step', async () => {
    const { taskId } = await begin('check_only', { region: 'eu' });
    const late = await go(taskId, 'validate');
    expect(late).toMatchObject({ isError: true });
    expect(said(late)).toMatch(/^Step "validate" cannot be done: the workflow has ended: completed\. Nothing was run/);
    expect(said(late)).toContain('"replicas":3');
    expect(workflowMeta(late)).toMatchObject({ taskId, status: 'completed' });
    const cancelled = await begin('deploy_service', { region: 'eu' });
    await made.tasks.for('test').cancel(cancelled.taskId);
    expect(said(await go(cancelled.taskId, 'approve'))).toMatch(/has ended: cancelled\. Nothing was run/);
    expect(made.runs).toEqual(['validate_config', 'validate_config']);
  });

  describe('without a step', () => {
    it('answers the result of a workflow that has ended, as it is', async () => {
      const { taskId } = await begin('check_only', { region: 'eu' });
      const record = await made.tasks.for('test').get(taskId, ['result']);
      const answer = await wait(taskId);
      expect(answer).toMatchObject(JSON.parse(record.entries[0]?.value ?? '') as object);
      expect(workflowMeta(answer)).toMatchObject({ status: 'completed' });
      expect(await wait(taskId)).toEqual(answer);
    });

    it('answers how far a workflow is that waits for its client, at once', async () => {
      const { taskId } = await begin('deploy_service', { region: 'eu' });
      const answer = await wait(taskId);
      expect(answer['isError']).toBeUndefined();
      expect(said(answer)).toContain('Call approve with {"replicas":3}');
      expect(workflowMeta(answer)).toMatchObject({ taskId, remaining: [{ step: 'approve' }, { step: 'announce' }] });
    });

    it('says what a workflow that was cancelled came to', async () => {
      const { taskId } = await begin('deploy_service', { region: 'eu' });
      await made.tasks.for('test').cancel(taskId);
      expect(await wait(taskId)).toMatchObject({ isError: true, content: [{ text: `Task ${taskId} was cancelled.` }] });
    });

    it('takes no arguments of a step', async () => {
      const { taskId } = await begin('deploy_service', { region: 'eu' });
      const answer = await client.request('tools/call', {
        name: 'continue_workflow',
        arguments: { taskId, arguments: { replicas: 3 } },
      });
      expect(answer).toMatchObject({ isError: true });
      expect(said(answer)).toContain('name the step');
      expect(made.runs).toEqual(['validate_config']);
    });
  });

  it.each([{}, { taskId: 7, step: 'x' }, { taskId: 't', step: 7 }, { taskId: 't', step: 's', arguments: 'x' }])(
    'refuses arguments %j by name',
    async (args) => {
      const answer = await client.request('tools/call', { name: 'continue_workflow', arguments: args });
      expect(answer).toMatchObject({ isError: true });
      expect(said(answer)).toMatch(/taskId|step|arguments/);
    },
  );

  it('asks what the tool asks before its work, in the way of the generation', async () => {
    const { taskId } = await begin('first_asked');
    const params = { name: 'continue_workflow', arguments: { taskId, step: 'who' } };
    const inputResponses = { user: { action: 'accept', content: { name: 'Ada' } } };
    if (generation === '2026-07-28') {
      expect(await client.request('tools/call', params)).toMatchObject({ resultType: 'input_required' });
      const answer = await client.request('tools/call', { ...params, inputResponses });
      expect(workflowMeta(answer)).toMatchObject({ matchedStep: 'who', status: 'completed' });
      return;
    }
    const answering = await connect({ answer: () => inputResponses.user });
    const answer = await answering.request('tools/call', params);
    expect(workflowMeta(answer)).toMatchObject({ matchedStep: 'who', status: 'completed' });
  });

  it('is no task itself', async () => {
    const { taskId } = await begin('deploy_service', { region: 'eu' });
    const { [WORKFLOW_META_KEY]: meta } = (await go(taskId, 'approve'))['_meta'] as JsonObject;
    expect(meta).toMatchObject({ taskId });
    expect((await made.tasks.for('test').list()).heads).toHaveLength(1);
  });
});

describe('attaching workflows', () => {
  it('refuses to name the tool to continue by as another one', async () => {
    const { tasks } = createTestWorkflows();
    const server = () => new McpServer({ name: 'test', version: '0' });
    expect(() => {
      attach(tasks, server(), { workflows: { continueTool: 'approve' } });
    }).toThrow(/workflows\.continueTool.*approve/);
    attach(tasks, server());
    await tasks.close();
  });
});
