import { isTerminalStatus, type JsonObject, WORKFLOW_META_KEY } from '@mcp-tasks/wire';
import { InMemoryTransport } from '@modelcontextprotocol/server';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { serveTasks } from '../../src/index.ts';
import { connectTestClient, type TestClient } from '../../src/testing.ts';
import {
  createServerWithTools,
  createTestWorkflows,
  statuses,
  type TestWorkflows,
  texts,
  workflowMeta,
} from '../support/test-workflows.ts';
import { type ConnectClient, serveTestWorkflows } from '../support/workflow-clients.ts';

const GENERATIONS = ['2025-11-25', '2026-07-28'] as const;
const IDEMPOTENCY_KEY = 'io.github.mcp-tasks/idempotency-key';

describe.each(GENERATIONS)('prompts of workflows in %s', (generation) => {
  let made: TestWorkflows;
  let client: TestClient;
  let connect: ConnectClient;

  beforeEach(async () => {
    const served = await serveTestWorkflows(generation);
    ({ made, client, connect } = served);
    return served.close;
  });

  const getPrompt = (name: string, args?: JsonObject, meta?: JsonObject, from = client) =>
    from.request('prompts/get', {
      name,
      ...(args !== undefined && { arguments: args }),
      ...(meta !== undefined && { _meta: meta }),
    });
  const resume = (name: string, taskId: string, args?: JsonObject) =>
    getPrompt(name, args, { [WORKFLOW_META_KEY]: { taskId } });
  const stored = async () => (await made.tasks.for('test').list()).heads;

  it('[WINT-01] lists each workflow as a prompt, with descriptions and what is required', async () => {
    const { prompts } = await client.request('prompts/list');
    expect((prompts as JsonObject[]).map(({ name }) => name)).toContain('plain_check');
    expect((prompts as JsonObject[]).find(({ name }) => name === 'deploy_service')).toMatchObject({
      title: 'Deploy',
      description: 'Deploy the service',
      arguments: [
        { name: 'region', description: 'Where to', required: true },
        { name: 'note', required: false },
      ],
    });
    expect((prompts as JsonObject[]).find(({ name }) => name === 'count')).toMatchObject({
      arguments: [{ name: 'count', required: true }],
    });
  });

  it('[FNDX-03] shows a task whose plan was written by a newer version, with a warning in the place of its state', async () => {
    const { _meta } = await getPrompt('deploy_service', { region: 'eu' });
    const { taskId } = workflowMeta({ _meta });
    const [record] = await made.store.get({ taskIds: [taskId], kinds: ['outcome'], nowMs: Date.now() });
    const plan = record?.entries.find(({ name }) => name === 'plan');
    if (record === undefined || plan === undefined) throw new Error('no plan');
    const newer = { ...plan, value: plan.value.replace('"schemaVersion":1', '"schemaVersion":2') };
    await made.store.update({
      taskId,
      expected: record.head,
      writeId: 'newer',
      patch: { head: {}, put: [newer] },
      nowMs: Date.now(),
    });
    expect(await client.request('tasks/get', { taskId })).toMatchObject({
      taskId,
      status: 'working',
      _meta: { [WORKFLOW_META_KEY]: { warning: expect.stringMatching(/version 2/) as string } },
    });
  });

  it('[WINT-01] lists companion tools, and how a model continues, among the tools', async () => {
    const { tools } = await client.request('tools/list');
    const named = (name: string) => (tools as JsonObject[]).find((tool) => tool['name'] === name);
    expect(named('deploy_service')).toMatchObject({ inputSchema: { required: ['region'] } });
    expect(named('continue_workflow')).toMatchObject({
      description: expect.stringContaining('workflow') as string,
      inputSchema: {
        properties: {
          taskId: { type: 'string', description: expect.any(String) as string },
          step: { type: 'string', description: expect.any(String) as string },
          arguments: { type: 'object', description: expect.any(String) as string },
        },
        required: ['taskId'],
      },
    });
  });

  it('[FNDX-01] [HAND-01] [HAND-02] starts a task, runs what it can, and hands over the rest in text and _meta', async () => {
    const answer = await getPrompt('deploy_service', { region: 'eu' });
    const meta = workflowMeta(answer);
    expect(meta).toMatchObject({
      status: 'working',
      pause: { type: 'clientStep', blockedStep: 'approve', suggestedTool: 'approve' },
      steps: [
        { name: 'validate', tool: 'validate_config', status: 'completed' },
        { name: 'approve', tool: 'approve', status: 'pending' },
        { name: 'deploy', tool: 'deploy', status: 'pending' },
        { name: 'announce', tool: 'announce', status: 'pending' },
      ],
      remaining: [
        { step: 'approve', tool: 'approve', arguments: { replicas: 3 }, guidance: 'Ask the person on duty' },
        { step: 'announce', tool: 'announce', unresolved: ['url'] },
      ],
    });
    expect(meta).not.toHaveProperty('pollable');
    expect(answer['description']).toBe('Deploy the service');
    const handOff = texts(answer).at(-1);
    expect(handOff).toContain('To continue the workflow');
    expect(handOff).toContain('Call approve with {"replicas":3}');
    expect(handOff).toContain('Ask the person on duty');
    expect(handOff).toContain('continue_workflow');
    expect(handOff).toContain(meta.taskId);
    expect((await stored()).map(({ taskId, handler }) => [taskId, handler])).toEqual([[meta.taskId, 'deploy_service']]);
  });

  it('[CONT-03] shows how far the workflow is on tasks/get, and not on other tasks', async () => {
    const answer = await getPrompt('deploy_service', { region: 'eu' });
    const shown = await client.request('tasks/get', { taskId: workflowMeta(answer).taskId });
    expect(workflowMeta(shown)).toEqual(workflowMeta(answer));
    const started = await client.startTool('validate_config', { region: 'eu' });
    if (!('taskId' in started)) throw new TypeError('is no task');
    const other = await client.request('tasks/get', { taskId: started.taskId });
    expect(other['_meta'] ?? {}).not.toHaveProperty(WORKFLOW_META_KEY);
  });

  it('[TTLW-01] gives the task the lifetime of the workflow', async () => {
    await getPrompt('deploy_service', { region: 'eu' });
    expect((await stored())[0]?.ttlMs).toBe(90_000);
  });

  it('answers with the whole conversation when nothing remains, and the task is complete', async () => {
    const answer = await getPrompt('check_only', { region: 'eu' });
    const meta = workflowMeta(answer);
    expect(meta).toMatchObject({ status: 'completed', remaining: [], steps: [{ status: 'completed' }] });
    expect(texts(answer).join('\n')).not.toContain('To continue the workflow');
    const head = (await stored())[0];
    expect(head !== undefined && isTerminalStatus(head.status)).toBe(true);
  });

  it('[WINT-02] [FNDX-05] serves a plain workflow with the same conversation, without task and _meta', async () => {
    const answer = await getPrompt('plain_check', { region: 'eu' });
    expect(answer['_meta'] ?? {}).not.toHaveProperty(WORKFLOW_META_KEY);
    expect(texts(answer).at(-1)).toContain('Call announce with {"replicas":3}');
    expect(await stored()).toEqual([]);
    expect(made.runs).toEqual(['validate_config']);
  });

  describe('with wrong arguments', () => {
    it.each([
      ['a missing one', {}, 'region'],
      ['no arguments at all', undefined, 'region'],
      ['an ill-typed one', { region: 7 }, 'region'],
    ])('refuses %s by name, and makes no task', async (_what, args, name) => {
      await expect(getPrompt('deploy_service', args)).rejects.toMatchObject({
        code: -32602,
        message: expect.stringContaining(name) as string,
        data: { code: 'INVALID_ARGUMENTS' },
      });
      expect(await stored()).toEqual([]);
      expect(made.runs).toEqual([]);
    });

    it('refuses a text that is no number, by name', async () => {
      await expect(getPrompt('count', { count: 'x' })).rejects.toMatchObject({
        code: -32602,
        message: expect.stringContaining('count') as string,
      });
    });

    it('refuses arguments that are no object', async () => {
      await expect(getPrompt('count', 'x' as unknown as JsonObject)).rejects.toMatchObject({ code: -32602 });
      await expect(getPrompt('plain_check', { region: 7 })).rejects.toMatchObject({ code: -32602 });
    });
  });

  describe('resumed', () => {
    it('[FNDX-04] goes on with the same task when the arguments are absent or equal', async () => {
      const { taskId } = workflowMeta(await getPrompt('deploy_service', { region: 'eu' }));
      for (const args of [undefined, { region: 'eu' }]) {
        expect(workflowMeta(await resume('deploy_service', taskId, args))).toMatchObject({ taskId, status: 'working' });
      }
      expect(await stored()).toHaveLength(1);
      expect(made.runs).toEqual(['validate_config']);
    });

    it('reads the older form of the reference', async () => {
      const { taskId } = workflowMeta(await getPrompt('deploy_service', { region: 'eu' }));
      const answer = await getPrompt('deploy_service', undefined, { _task_id: taskId });
      expect(workflowMeta(answer).taskId).toBe(taskId);
    });

    it('refuses other arguments', async () => {
      const { taskId } = workflowMeta(await getPrompt('deploy_service', { region: 'eu' }));
      await expect(resume('deploy_service', taskId, { region: 'us' })).rejects.toMatchObject({
        code: -32602,
        data: { code: 'INVALID_ARGUMENTS' },
      });
    });

    it('compares arguments as their schema parses them, whichever way they came', async () => {
      const { taskId } = workflowMeta(await getPrompt('count', { count: '3' }));
      expect(workflowMeta(await resume('count', taskId, { count: '3.0' })).taskId).toBe(taskId);
      const companion = await client.request('tools/call', {
        name: 'count',
        arguments: { count: 3 },
        _meta: { [WORKFLOW_META_KEY]: { taskId } },
      });
      expect(workflowMeta(companion).taskId).toBe(taskId);
      expect(await stored()).toHaveLength(1);
    });

    it("says the same of a foreign, an unknown, and another workflow's task", async () => {
      const { taskId } = workflowMeta(await getPrompt('deploy_service', { region: 'eu' }));
      const eve = await connect({ owner: () => 'eve' });
      const errors = [
        getPrompt('deploy_service', undefined, { [WORKFLOW_META_KEY]: { taskId } }, eve),
        resume('deploy_service', 'unknown'),
        resume('count', taskId),
      ].map((refused) => refused.then(String, (error: unknown) => error));
      const [first, ...others] = await Promise.all(errors);
      expect(first).toMatchObject({ code: -32602, data: { code: 'TASK_NOT_FOUND' } });
      for (const other of others) expect(other).toEqual(first);
    });

    it.each([{ taskId: 7 }, 'x', { taskId: 't', step: 7 }])(
      'refuses a reference that cannot be read: %j',
      async (reference) => {
        const refused = getPrompt('deploy_service', { region: 'eu' }, { [WORKFLOW_META_KEY]: reference });
        await expect(refused).rejects.toMatchObject({ code: -32602 });
        expect(await stored()).toEqual([]);
      },
    );
  });

  it('[FNDX-04] runs no tool twice for a prompt that is sent again under its idempotency key', async () => {
    const meta = { [IDEMPOTENCY_KEY]: 'k' };
    const answers = await Promise.all([1, 2, 3].map(() => getPrompt('deploy_service', { region: 'eu' }, meta)));
    expect(new Set(answers.map((answer) => workflowMeta(answer).taskId)).size).toBe(1);
    expect(made.runs).toEqual(['validate_config']);
    await expect(getPrompt('deploy_service', { region: 'us' }, meta)).rejects.toMatchObject({
      code: -32602,
      data: { code: 'IDEMPOTENCY_KEY_REUSED' },
    });
  });

  it('answers with the plan as it stands when the wait is over, and the run goes on', async () => {
    const impatient = await connect({ workflows: { handOffWaitMs: 10 } });
    const meta = workflowMeta(await getPrompt('slow', undefined, undefined, impatient));
    expect(statuses(meta)).toMatchObject({ hold: 'running', report: 'pending' });
    expect(meta.status).toBe('working');
    made.release();
    const get = async () => statuses(workflowMeta(await client.request('tasks/get', { taskId: meta.taskId })));
    await expect.poll(get).toMatchObject({ hold: 'completed' });
  });

  it('tells how far the server is while it waits, on the token of the request alone', async () => {
    await getPrompt('deploy_service', { region: 'eu' }, { progressToken: 'p' });
    const told = client.notifications.filter(({ method }) => method === 'notifications/progress');
    expect(told.map(({ params }) => params)).toContainEqual(expect.objectContaining({ progressToken: 'p', total: 4 }));
    const [head] = await stored();
    const { entries } = await made.tasks.for('test').get(head?.taskId ?? '', ['call']);
    expect(entries[0]?.value).not.toContain('progressToken');
  });

  it('hands the tools what the author makes of the request', async () => {
    const known = await connect({ caller: () => ({ tenant: 'acme' }) });
    await getPrompt('tells_caller', undefined, undefined, known);
    expect(made.callers).toEqual([{ tenant: 'acme' }]);
  });

  it('waits for nothing when it is told so', async () => {
    const impatient = await connect({ workflows: { handOffWaitMs: 0 } });
    expect(workflowMeta(await getPrompt('deploy_service', { region: 'eu' }, undefined, impatient)).status).toBe(
      'working',
    );
  });

  it('goes on with the run when the client leaves', async () => {
    const leaving = await connect();
    const asked = getPrompt('slow', undefined, undefined, leaving).catch(() => undefined);
    await expect.poll(() => made.runs).toEqual(['hold']);
    await leaving.close();
    await asked;
    made.release();
    const taskId = (await stored())[0]?.taskId ?? '';
    const get = async () => statuses(workflowMeta(await client.request('tasks/get', { taskId })));
    await expect.poll(get).toMatchObject({ hold: 'completed' });
  });

  it('stops waiting at a question, which the client finds on the task', async () => {
    const meta = workflowMeta(await getPrompt('asking'));
    expect(meta.status).toBe('input_required');
    expect(meta.remaining).toMatchObject([{ step: 'name' }]);
  });

  it('[WINT-04] goes on with the answer to its question', async () => {
    const asked = await connect({ answer: () => ({ action: 'accept', content: { name: 'Ada' } }) });
    const { taskId } = workflowMeta(await getPrompt('asking', undefined, undefined, asked));
    if (generation === '2026-07-28') {
      const inputResponses = { name: { action: 'accept', content: { name: 'Ada' } } };
      await asked.request('tasks/update', { taskId, inputResponses });
    }
    const get = () => asked.request('tasks/get', { taskId });
    await expect.poll(get).toMatchObject({ status: 'completed' });
    expect(statuses(workflowMeta(await get()))).toEqual({ name: 'completed' });
  });

  it('[WINT-01] names neither tool nor task in the text where there is no tool to continue by', async () => {
    const other = await connect({ workflows: { continueTool: false } });
    const answer = await getPrompt('deploy_service', { region: 'eu' }, undefined, other);
    expect(texts(answer).join('\n')).not.toMatch(/continue_workflow/);
    expect(texts(answer).join('\n')).not.toContain(workflowMeta(answer).taskId);
    const { tools } = await other.request('tools/list');
    expect((tools as JsonObject[]).map(({ name }) => name)).not.toContain('continue_workflow');
  });

  it('[WINT-01] renames the tool to continue by', async () => {
    const other = await connect({ workflows: { continueTool: 'go_on' } });
    expect(texts(await getPrompt('deploy_service', { region: 'eu' }, undefined, other)).at(-1)).toContain('go_on');
    const { tools } = await other.request('tools/list');
    expect((tools as JsonObject[]).map(({ name }) => name)).toContain('go_on');
  });

  it('refuses one over the quota, with nothing run', async () => {
    const limited = createTestWorkflows({ limits: { maxActiveTasks: 1 } });
    const other = await connectTestClient(limited.tasks, { generation });
    await getPrompt('count', { count: '1' }, undefined, other);
    await expect(getPrompt('deploy_service', { region: 'eu' }, undefined, other)).rejects.toMatchObject({
      code: -32602,
      data: { code: 'TASK_QUOTA_EXCEEDED' },
    });
    expect(limited.runs).toEqual([]);
    await other.close();
    await limited.tasks.close();
  });

  it('serves a caller without an owner as from a server without tasks', async () => {
    const nobody = await connect({ owner: () => undefined, onWarning: () => undefined });
    const answer = await getPrompt('deploy_service', { region: 'eu' }, undefined, nobody);
    expect(answer['_meta'] ?? {}).not.toHaveProperty(WORKFLOW_META_KEY);
    expect(texts(answer).at(-1)).toContain('Call approve with {"replicas":3}');
    await expect(getPrompt('deploy_service', {}, undefined, nobody)).rejects.toMatchObject({ code: -32602 });
  });

  it('shares tasks with the others where anonymous callers may have some', async () => {
    const anonymous = { owner: () => undefined, anonymous: 'allow' } as const;
    const [one, other] = [await connect(anonymous), await connect(anonymous)];
    const { taskId } = workflowMeta(await getPrompt('deploy_service', { region: 'eu' }, undefined, one));
    const answer = await getPrompt('deploy_service', undefined, { [WORKFLOW_META_KEY]: { taskId } }, other);
    expect(workflowMeta(answer).taskId).toBe(taskId);
  });

  it('tells a fault of the store to the author, and the client no more than that there is one', async () => {
    const onerror = vi.fn();
    const broken = await connect({ onerror });
    vi.spyOn(made.store, 'create').mockRejectedValue(new TypeError('driver said 10.0.0.1'));
    const refused = await getPrompt('check_only', { region: 'eu' }, undefined, broken).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: -32603 });
    expect(JSON.stringify(refused)).not.toContain('10.0.0.1');
    expect(onerror).toHaveBeenCalled();
    vi.restoreAllMocks();
  });
});

describe('a 2026-07-28 client that does not declare the tasks extension', () => {
  it('gets the run and the hand-off, is told that it cannot poll, and is asked nothing', async () => {
    const made = createTestWorkflows();
    const client = await connectTestClient(made.tasks, { generation: '2026-07-28', capabilities: { elicitation: {} } });
    const answer = await client.request('prompts/get', { name: 'deploy_service', arguments: { region: 'eu' } });
    expect(workflowMeta(answer)).toMatchObject({
      pollable: false,
      status: 'working',
      remaining: [{ step: 'approve' }, {}],
    });
    expect(workflowMeta(await client.request('prompts/get', { name: 'asking' }))).toMatchObject({
      status: 'working',
      remaining: [{ step: 'name' }],
    });
    await client.close();
    await made.tasks.close();
  });
});

describe('options of workflows', () => {
  const serve = (workflows: unknown) => {
    const { tasks } = createTestWorkflows();
    const [, transport] = InMemoryTransport.createLinkedPair();
    return serveTasks(tasks, createServerWithTools, { workflows: workflows as never }).stdio({ transport });
  };

  it.each([
    [{ continueTool: '' }, TypeError, /^(serveTasks: )?workflows\.continueTool/],
    [{ continueTool: true }, TypeError, /^(serveTasks: )?workflows\.continueTool/],
    [{ continueTool: 'toString' }, TypeError, /^(serveTasks: )?workflows\.continueTool/],
    [{ handOffWaitMs: -1 }, RangeError, /^(serveTasks: )?workflows\.handOffWaitMs/],
    [{ handOffWaitMs: 1.5 }, RangeError, /^(serveTasks: )?workflows\.handOffWaitMs/],
    [{ handOffWaitMs: 2 ** 31 }, RangeError, /^(serveTasks: )?workflows\.handOffWaitMs/],
    [{ completeByCancel: 'yes' }, TypeError, /^(serveTasks: )?workflows\.completeByCancel/],
    ['x', TypeError, /^(serveTasks: )?workflows/],
  ])('refuses %j', (workflows, kind, message) => {
    expect(() => serve(workflows)).toThrow(kind);
    expect(() => serve(workflows)).toThrow(message);
  });
});
