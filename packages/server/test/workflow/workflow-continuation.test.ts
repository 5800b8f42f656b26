import { fakeClock } from '@mcp-tasks/runner/testing';
import { TaskError } from '@mcp-tasks/store';
import { type CallToolResult, type JsonObject, ProtocolFailure, WORKFLOW_META_KEY } from '@mcp-tasks/wire';
import { CONTINUATION_WARNING } from '@mcp-tasks/workflow/serving';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectTestClient, type TestClient } from '../../src/testing.ts';
import {
  createServerWithTools,
  createTestWorkflows,
  MANY,
  statuses,
  type TestWorkflows,
  workflowMeta,
} from '../support/test-workflows.ts';
import { type ConnectClient, serveTestWorkflows } from '../support/workflow-clients.ts';

const GENERATIONS = ['2025-11-25', '2026-07-28'] as const;

describe.each(GENERATIONS)('calls that continue a workflow in %s', (generation) => {
  let made: TestWorkflows;
  let client: TestClient;
  let connect: ConnectClient;

  beforeEach(async () => {
    const served = await serveTestWorkflows(generation);
    ({ made, client, connect } = served);
    return served.close;
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  const begin = async (name: string, args: JsonObject = {}, from = client) =>
    workflowMeta(await from.request('prompts/get', { name, arguments: args }));
  const callTool = (name: string, args: JsonObject, reference: unknown, more: JsonObject = {}, from = client) =>
    from.request('tools/call', {
      name,
      arguments: args,
      ...more,
      _meta: { [WORKFLOW_META_KEY]: reference as JsonObject },
    });
  const get = async (taskId: string) => workflowMeta(await client.request('tasks/get', { taskId }));
  const status = async (taskId: string) => (await client.request('tasks/get', { taskId }))['status'];
  const outputs = async (taskId: string) => {
    const record = await made.tasks.for('test').get(taskId, ['outcome']);
    return Object.fromEntries(record.entries.map(({ name, value }) => [name, JSON.parse(value) as JsonObject]));
  };

  it('[WINT-04] [CONT-01] [CONT-02] [CONT-03] [HAND-01] takes a workflow from its prompt to its result', async () => {
    const { taskId } = await begin('deploy_service', { region: 'eu' });
    const approved = await callTool('approve', { replicas: 3 }, { taskId });
    expect(approved).toMatchObject({ structuredContent: { approved: true } });
    expect(approved['isError']).not.toBe(true);
    expect(workflowMeta(approved)).toMatchObject({ taskId, matchedStep: 'approve', status: 'working' });
    const deployed = async () => (await get(taskId)).remaining;
    await expect.poll(deployed).toMatchObject([{ step: 'announce', arguments: { url: 'https://eu.example' } }]);
    const announced = await callTool('announce', { url: 'https://eu.example' }, { taskId });
    expect(announced).toMatchObject({ content: [{ text: 'announced https://eu.example' }] });
    expect(workflowMeta(announced)).toMatchObject({ matchedStep: 'announce', remaining: [], status: 'completed' });
    expect(await status(taskId)).toBe('completed');
    const shown = await client.request('tasks/get', { taskId });
    const result =
      generation === '2025-11-25' ? await client.request('tasks/result', { taskId }) : (shown['result'] as JsonObject);
    expect(result).toMatchObject({
      structuredContent: {
        workflow: 'deploy_service',
        outputs: {
          validate: { region: 'eu', replicas: 3 },
          approve: { approved: true },
          deploy: { url: 'https://eu.example' },
          announce: { announced: 'https://eu.example' },
        },
      },
    });
    expect(made.runs).toEqual(['validate_config', 'approve', 'deploy']);
  });

  it('[CONT-01] reads the older form of the reference', async () => {
    const { taskId } = await begin('deploy_service', { region: 'eu' });
    const answer = await client.request('tools/call', {
      name: 'approve',
      arguments: { replicas: 3 },
      _meta: { _task_id: taskId },
    });
    expect(workflowMeta(answer).matchedStep).toBe('approve');
  });

  it('tells the tool which step of which task it is', async () => {
    const { taskId } = await begin('deploy_service', { region: 'eu' });
    await callTool('approve', { replicas: 3 }, { taskId, step: 'approve' });
    expect(made.infos).toEqual([{ workflow: 'deploy_service', taskId, step: 'approve', attempt: 1 }]);
  });

  it('runs a tool inside the request that runs only as a task, and when a task is asked for', async () => {
    const { taskId } = await begin('deploy_service', { region: 'eu' });
    const answer = await callTool('approve', { replicas: 3 }, { taskId }, { task: {} });
    expect(answer).toMatchObject({ structuredContent: { approved: true } });
    expect(workflowMeta(answer).matchedStep).toBe('approve');
    await expect.poll(async () => statuses(await get(taskId))).toMatchObject({ deploy: 'completed' });
    const plain = await callTool('announce', { url: 'https://eu.example' }, { taskId }, { task: {} });
    expect(workflowMeta(plain).matchedStep).toBe('announce');
    expect((await made.tasks.for('test').list()).heads).toHaveLength(1);
  });

  it('[CONT-02] records a failure as the failure of the step, and a later success', async () => {
    const { taskId } = await begin('count', { count: '13' });
    await expect(callTool('approve', { replicas: 13 }, { taskId })).rejects.toMatchObject({
      message: 'unlucky',
      data: { replicas: 13 },
    });
    expect(await get(taskId)).toMatchObject({
      steps: [{ status: 'failed' }],
      pause: { type: 'toolError', failedStep: 'approve', error: expect.stringContaining('unlucky') as string },
    });
    const mended = await callTool('approve', { replicas: 14 }, { taskId, step: 'approve' });
    expect(workflowMeta(mended)).toMatchObject({ matchedStep: 'approve', status: 'completed' });
  });

  it('heeds what the tool says of a failure: whether it may be done again', async () => {
    const { taskId } = await begin('count', { count: '200' });
    const failed = await callTool('approve', { replicas: 200 }, { taskId });
    expect(failed).toMatchObject({ isError: true });
    expect(workflowMeta(failed)).toMatchObject({
      matchedStep: 'approve',
      pause: { type: 'toolError', failedStep: 'approve', retryable: false },
    });
  });

  it('records the failure of a tool that the server has beside ours', async () => {
    const { taskId } = await begin('deploy_service', { region: 'eu' });
    await callTool('approve', { replicas: 3 }, { taskId });
    await expect.poll(async () => statuses(await get(taskId))).toMatchObject({ deploy: 'completed' });
    const failed = await callTool('announce', { url: 'https://eu.example/broken' }, { taskId, step: 'announce' });
    expect(failed).toMatchObject({ isError: true, content: [{ text: 'cannot announce' }] });
    expect(workflowMeta(failed)).toMatchObject({ matchedStep: 'announce', steps: [{}, {}, {}, { status: 'failed' }] });
  });

  it('records a call whose arguments the SDK refuses, of our tools and of others', async () => {
    const { taskId } = await begin('deploy_service', { region: 'eu' });
    const refused = await callTool('approve', { replicas: 'x' }, { taskId, step: 'approve' });
    expect(refused).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining('replicas') as string }],
    });
    expect(workflowMeta(refused)).toMatchObject({ matchedStep: 'approve', steps: [{}, { status: 'failed' }, {}, {}] });
    const other = await callTool('announce', {}, { taskId, step: 'announce' });
    expect(other).toMatchObject({ isError: true });
    expect(workflowMeta(other)).toMatchObject({ steps: [{}, {}, {}, { status: 'failed' }] });
    expect(made.runs).toEqual(['validate_config']);
  });

  it('keeps a call that fits no step, and says so by matching none', async () => {
    const { taskId } = await begin('deploy_service', { region: 'eu' });
    const answer = await callTool('validate_config', { region: 'us' }, { taskId });
    expect(answer).toMatchObject({ structuredContent: { region: 'us' } });
    expect(workflowMeta(answer)).toMatchObject({ taskId, remaining: [{ step: 'approve' }, { step: 'announce' }] });
    expect(workflowMeta(answer)).not.toHaveProperty('matchedStep');
    expect(Object.keys(await outputs(taskId)).filter((name) => name.startsWith('extra:'))).toHaveLength(1);
  });

  it('records a call once that is sent again under its id', async () => {
    const { taskId } = await begin('many_approvals');
    const reference = { taskId, callId: 'c1' };
    const first = workflowMeta(await callTool('approve', { replicas: 21 }, reference));
    const again = workflowMeta(await callTool('approve', { replicas: 21 }, reference));
    expect(again.matchedStep).toBe(first.matchedStep);
    expect((await get(taskId)).steps.filter(({ status: is }) => is === 'completed')).toHaveLength(1);
  });

  it('[CONT-02] loses nothing of many calls at once', async () => {
    const { taskId } = await begin('many_approvals');
    const other = await connect();
    const calls = Array.from({ length: MANY }, (_, n) =>
      callTool('approve', { replicas: n + 21 }, { taskId }, {}, n % 2 === 0 ? client : other),
    );
    const steps = (await Promise.all(calls)).map((answer) => workflowMeta(answer).matchedStep);
    expect(steps).toEqual(Array.from({ length: MANY }, (_, n) => `approve ${n + 1}`));
    expect(await status(taskId)).toBe('completed');
    expect(made.runs).toHaveLength(MANY);
  });

  it('[CONT-01] gives the one warning, and the normal answer, where the task cannot be continued', async () => {
    const own = await begin('check_only', { region: 'eu' });
    const foreign = await begin('deploy_service', { region: 'eu' });
    const eve = await connect({ owner: () => 'eve' });
    const nobody = await connect({ owner: () => undefined, onWarning: () => undefined });
    const validate = (taskId: string, from = client) =>
      callTool('validate_config', { region: 'us' }, { taskId }, {}, from);
    const answers = await Promise.all([
      validate('unknown'),
      validate(own.taskId),
      validate(foreign.taskId, eve),
      validate(foreign.taskId, nobody),
    ]);
    for (const answer of answers) {
      expect(answer).toMatchObject({ structuredContent: { region: 'us' } });
      expect(answer['_meta']).toMatchObject({ [WORKFLOW_META_KEY]: { warning: CONTINUATION_WARNING } });
      expect(answer).toEqual(answers[0]);
    }
    expect(statuses(await get(foreign.taskId))).toMatchObject({ approve: 'pending' });
  });

  it.each([{ taskId: 7 }, 'x', { taskId: 't', step: 7 }, { taskId: 't', callId: '' }])(
    'warns of a reference that cannot be read, %j, and answers as usual',
    async (reference) => {
      const answer = await callTool('validate_config', { region: 'us' }, reference);
      expect(answer).toMatchObject({ structuredContent: { region: 'us' } });
      expect(workflowMeta(answer)).toEqual({ warning: expect.stringContaining('taskId') as string });
    },
  );

  it('answers the call with a warning when the store fails while it is recorded', async () => {
    const onerror = vi.fn();
    const watched = await connect({ onerror });
    const { taskId } = await begin('deploy_service', { region: 'eu' }, watched);
    vi.spyOn(made.store, 'update').mockRejectedValue(new TaskError('STORE_UNAVAILABLE', 'driver said 10.0.0.1'));
    const answer = await callTool('approve', { replicas: 3 }, { taskId }, {}, watched);
    expect(answer).toMatchObject({ structuredContent: { approved: true } });
    expect(workflowMeta(answer)).toEqual({ warning: expect.stringContaining('could not be recorded') as string });
    expect(JSON.stringify(answer)).not.toContain('10.0.0.1');
    expect(onerror).toHaveBeenCalledWith(expect.objectContaining({ code: 'STORE_UNAVAILABLE' }));
  });

  it('does not record a call that its client cancelled', async () => {
    const { taskId } = await begin('many_approvals');
    const cancelled = callTool('hold', {}, { taskId });
    cancelled.catch(() => undefined);
    await expect.poll(() => made.runs).toContain('hold');
    const requestId = 2 + (generation === '2025-11-25' ? 1 : 0);
    await client.notify('notifications/cancelled', { requestId });
    made.release();
    await callTool('approve', { replicas: 21 }, { taskId });
    expect(Object.keys(await outputs(taskId)).filter((name) => name.startsWith('extra:'))).toEqual([]);
  });

  it('holds up no other message while it records', async () => {
    const { taskId } = await begin('deploy_service', { region: 'eu' });
    const update = made.store.update.bind(made.store);
    let go: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (go = resolve));
    const spy = vi.spyOn(made.store, 'update').mockImplementation(async (change) => {
      await held;
      return update(change);
    });
    const order: string[] = [];
    const continued = callTool('approve', { replicas: 3 }, { taskId }).then(() => order.push('continued'));
    await expect.poll(() => spy.mock.calls.length).toBe(1);
    await client.request('tools/list').then(() => order.push('listed'));
    go();
    await continued;
    expect(order).toEqual(['listed', 'continued']);
  });

  describe('by the companion tool', () => {
    const asTool = (args: JsonObject, from: TestClient, meta?: JsonObject) =>
      from.request('tools/call', {
        name: 'deploy_service',
        arguments: args,
        ...(meta !== undefined && { _meta: meta }),
      });
    const withoutTasks = () => (generation === '2025-11-25' ? client : connect({ capabilities: {} }));

    it('[CONT-03] is a task for clients that ask for one', async () => {
      const started = await client.startTool('deploy_service', { region: 'eu' });
      if (!('taskId' in started)) throw new TypeError('is no task');
      await expect.poll(async () => (await get(started.taskId)).remaining).toMatchObject([{ step: 'approve' }, {}]);
    });

    it('[WINT-01] answers others with the hand-off, and is continued by them', async () => {
      const other = await withoutTasks();
      const answer = await asTool({ region: 'eu' }, other);
      const meta = workflowMeta(answer);
      expect(meta).toMatchObject({ status: 'working', remaining: [{ step: 'approve' }, { step: 'announce' }] });
      expect(meta.pollable).toBe(generation === '2026-07-28' ? false : undefined);
      expect((answer['content'] as JsonObject[])[0]?.['text']).toContain('To continue the workflow');
      const approved = await callTool('approve', { replicas: 3 }, { taskId: meta.taskId }, {}, other);
      expect(workflowMeta(approved).matchedStep).toBe('approve');
    });

    it('answers others with the result when nothing is left to do', async () => {
      const other = await withoutTasks();
      const answer = await other.request('tools/call', { name: 'check_only', arguments: { region: 'eu' } });
      expect(answer).toMatchObject({ structuredContent: { workflow: 'check_only' } });
      expect(workflowMeta(answer)).toMatchObject({ status: 'completed', remaining: [] });
    });

    it('resumes the task that its _meta names', async () => {
      const { taskId } = await begin('deploy_service', { region: 'eu' });
      const answer = await asTool({ region: 'eu' }, client, { [WORKFLOW_META_KEY]: { taskId } });
      expect(workflowMeta(answer).taskId).toBe(taskId);
      expect(made.runs).toEqual(['validate_config']);
    });

    it('is a call of its own, with the one warning, where its _meta names no task to resume', async () => {
      const { taskId } = await begin('count', { count: '3' });
      for (const reference of [{ taskId: 'unknown' }, { taskId }]) {
        const meta = workflowMeta(await asTool({ region: 'eu' }, client, { [WORKFLOW_META_KEY]: reference }));
        expect(meta).toMatchObject({
          warning: CONTINUATION_WARNING,
          status: 'working',
          remaining: [{ step: 'approve' }, {}],
        });
        expect(meta.taskId).not.toBe(reference.taskId);
      }
      const malformed = workflowMeta(await asTool({ region: 'eu' }, client, { [WORKFLOW_META_KEY]: 'x' }));
      expect(malformed.warning).toContain('taskId');
      await expect(
        asTool({ region: 'us' }, client, { [WORKFLOW_META_KEY]: { taskId: malformed.taskId } }),
      ).rejects.toMatchObject({
        code: -32602,
        data: { code: 'INVALID_ARGUMENTS' },
      });
    });

    it('passes on what the workflow failed with, and that it was cancelled', async () => {
      const { taskId } = await begin('deploy_service', { region: 'eu' });
      await client.request('tasks/cancel', { taskId });
      const cancelled = asTool({ region: 'eu' }, client, { [WORKFLOW_META_KEY]: { taskId } });
      await expect(cancelled).rejects.toMatchObject({ code: -32602, data: { code: 'TASK_CANCELLED' } });
    });

    it('runs for a caller without an owner inside the request', async () => {
      const nobody = await connect({ owner: () => undefined, onWarning: () => undefined });
      const answer = await asTool({ region: 'eu' }, nobody);
      expect(answer['_meta'] ?? {}).not.toHaveProperty(WORKFLOW_META_KEY);
      expect(made.runs).toEqual(['validate_config']);
      const warned = await asTool({ region: 'eu' }, nobody, { [WORKFLOW_META_KEY]: { taskId: 'unknown' } });
      expect(workflowMeta(warned)).toEqual({ warning: CONTINUATION_WARNING });
    });
  });

  it('gives the one warning where the task has expired', async () => {
    const clock = fakeClock();
    const timed = createTestWorkflows({ clock });
    const other = await connectTestClient(timed.tasks, { generation, workflows: { handOffWaitMs: 0 } });
    const { taskId } = await begin('deploy_service', { region: 'eu' }, other);
    await clock.advance(90_000);
    const answer = await callTool('validate_config', { region: 'us' }, { taskId }, {}, other);
    expect(answer).toMatchObject({ structuredContent: { region: 'us' } });
    expect(workflowMeta(answer)).toEqual({ warning: CONTINUATION_WARNING });
    await other.close();
    await timed.tasks.close();
  });

  it('runs a tool only where the author allows it as a continuation', async () => {
    const seen: (readonly [string, string])[] = [];
    const guarded = createTestWorkflows({
      authorize: ({ tool, via }) => {
        seen.push([tool, via]);
        if (tool === 'approve') throw new ProtocolFailure(-32001, 'not you');
      },
    });
    const other = await connectTestClient(guarded.tasks, { generation });
    const { taskId } = await begin('deploy_service', { region: 'eu' }, other);
    const refused = callTool('approve', { replicas: 3 }, { taskId }, {}, other);
    await expect(refused).rejects.toMatchObject({ code: -32001, message: 'not you' });
    expect(seen).toEqual([
      ['deploy_service', 'call'],
      ['validate_config', 'step'],
      ['approve', 'continuation'],
    ]);
    expect(guarded.runs).toEqual(['validate_config']);
    await other.close();
    await guarded.tasks.close();
  });

  it('[CONT-02] goes on in whatever process the call comes to', async () => {
    const elsewhere = createTestWorkflows({ store: made.store });
    const other = await connectTestClient(elsewhere.tasks, { generation, createServer: createServerWithTools });
    const { taskId } = await begin('deploy_service', { region: 'eu' });
    expect(workflowMeta(await callTool('approve', { replicas: 3 }, { taskId }, {}, other)).matchedStep).toBe('approve');
    await expect.poll(async () => statuses(await get(taskId))).toMatchObject({ deploy: 'completed' });
    await callTool('announce', { url: 'https://eu.example' }, { taskId });
    expect(await other.request('tasks/get', { taskId })).toMatchObject({ status: 'completed' });
    expect([...made.runs, ...elsewhere.runs].sort()).toEqual(['approve', 'deploy', 'validate_config']);
    await other.close();
    await elsewhere.tasks.close();
  });

  it('[CONT-01] rounds of questions before the work are no outcome', async () => {
    if (generation === '2025-11-25') return;
    const { taskId } = await begin('first_asked');
    const asked = await callTool('asks_first', {}, { taskId });
    expect(asked).toMatchObject({ resultType: 'input_required' });
    expect(asked).not.toHaveProperty('_meta.io.github.mcp-tasks/workflow');
    expect(statuses(await get(taskId))).toEqual({ who: 'pending' });
    const inputResponses = { user: { action: 'accept', content: { name: 'Ada' } } };
    const answered = await callTool('asks_first', {}, { taskId }, { inputResponses });
    expect(answered).toMatchObject({ content: [{ text: 'Ada' }] });
    expect(workflowMeta(answered)).toMatchObject({ matchedStep: 'who', status: 'completed' });
  });

  it('a page that the client has to open first is no outcome', async () => {
    if (generation === '2026-07-28') return;
    const { taskId } = await begin('signed');
    await expect(callTool('sign', {}, { taskId })).rejects.toMatchObject({ code: -32042 });
    expect(statuses(await get(taskId))).toEqual({ sign: 'pending' });
  });

  describe('tasks/cancel with a result', () => {
    const result: CallToolResult = { content: [{ type: 'text', text: 'done by hand' }] };
    const cancel = (from: TestClient, taskId: string, given: unknown = result) =>
      from.request('tasks/cancel', { taskId, result: given as JsonObject });

    it('cancels, where the author does not allow to complete so', async () => {
      const { taskId } = await begin('deploy_service', { region: 'eu' });
      await cancel(client, taskId);
      expect(await status(taskId)).toBe('cancelled');
    });

    it('completes a workflow where it is allowed, and says that the client did', async () => {
      const allowing = await connect({ workflows: { completeByCancel: true } });
      const { taskId } = await begin('deploy_service', { region: 'eu' });
      await cancel(allowing, taskId);
      if (generation === '2026-07-28') {
        expect(await status(taskId)).toBe('cancelled');
        return;
      }
      expect(await status(taskId)).toBe('completed');
      const given = await client.request('tasks/result', { taskId });
      expect(given).toMatchObject({ content: [{ text: 'done by hand' }] });
      expect((given['_meta'] as JsonObject)[WORKFLOW_META_KEY]).toMatchObject({ suppliedBy: 'client' });
    });

    it('is refused while the server is at a step', async () => {
      if (generation === '2026-07-28') return;
      const allowing = await connect({ workflows: { completeByCancel: true, handOffWaitMs: 10 } });
      const { taskId } = await begin('slow', {}, allowing);
      await expect.poll(() => made.runs).toEqual(['hold']);
      await expect(cancel(allowing, taskId)).rejects.toMatchObject({ code: -32602 });
      expect(await status(taskId)).toBe('working');
      made.release();
    });

    it('refuses what is no result, and leaves other tasks to be cancelled', async () => {
      if (generation === '2026-07-28') return;
      const allowing = await connect({ workflows: { completeByCancel: true } });
      const { taskId } = await begin('deploy_service', { region: 'eu' });
      await expect(cancel(allowing, taskId, { content: 'x' })).rejects.toMatchObject({ code: -32602 });
      expect(await status(taskId)).toBe('working');
      const started = await client.startTool('hold');
      if (!('taskId' in started)) throw new TypeError('is no task');
      await cancel(allowing, started.taskId);
      expect(await status(started.taskId)).toBe('cancelled');
    });
  });
});
