import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { accept, type Answers, finish } from './conversation.ts';
import { callerOf, GENERATIONS, type Params, serverOf } from './raw-client.ts';

const VARIABLES = 'io.github.mcp-tasks/variables';
const RELATED_TASK = 'io.modelcontextprotocol/related-task';

const ok = (text: string) => ({ content: [{ type: 'text', text }] });
const failed = (text: string) => ({ ...ok(text), isError: true });

interface Row {
  readonly title: string;
  readonly tool: string;
  readonly args?: Params;
  readonly answers?: Answers;
  readonly result: Params;
}

const both = (name: string, other: string): Answers => ({
  name: accept({ name }),
  other: accept({ name: other }),
  'What is your name?': accept({ name }),
  'Who is with you?': accept({ name: other }),
});

const confirming = (answer: Params): Answers => ({ confirm: answer, 'Delete a.txt?': answer });
const confirmDelete = { tool: 'confirm_delete', args: { filename: 'a.txt' } };

/** Tools as tasks, with the result that must come out of them. */
const ROWS: readonly Row[] = [
  { title: 'slow_compute', tool: 'slow_compute', args: { seconds: 0.1, label: 'x' }, result: ok('done: x') },
  { title: 'failing_job', tool: 'failing_job', result: failed('failing_job failed') },
  {
    title: 'structured',
    tool: 'structured',
    args: { n: -12 },
    result: { ...ok('{"square":144}'), structuredContent: { square: 144 } },
  },
  {
    title: 'confirm_delete, confirmed',
    ...confirmDelete,
    answers: confirming(accept({ confirm: true })),
    result: ok('deleted a.txt'),
  },
  {
    title: 'confirm_delete, confirmed with an extra property',
    ...confirmDelete,
    answers: confirming(accept({ confirm: true, reason: 'old' })),
    result: ok('deleted a.txt'),
  },
  {
    title: 'confirm_delete, refused',
    ...confirmDelete,
    answers: confirming(accept({ confirm: false })),
    result: ok('kept a.txt'),
  },
  {
    title: 'confirm_delete, declined',
    ...confirmDelete,
    answers: confirming({ action: 'decline' }),
    result: ok('kept a.txt'),
  },
  {
    title: 'confirm_delete, cancelled',
    ...confirmDelete,
    answers: confirming({ action: 'cancel' }),
    result: ok('kept a.txt'),
  },
  { title: 'multi_input', tool: 'multi_input', answers: both('Ada', 'Grace'), result: ok('Ada and Grace') },
  {
    title: 'sample_joke',
    tool: 'sample_joke',
    answers: Object.fromEntries(
      ['joke', 'sampling/createMessage'].map((key) => [
        key,
        { role: 'assistant', model: 'm', content: { type: 'text', text: 'Knock.' } },
      ]),
    ),
    result: ok('Knock.'),
  },
  { title: 'wide_effects', tool: 'wide_effects', args: { n: 500 }, result: ok('wrote 500') },
  { title: 'publish_progress', tool: 'publish_progress', args: { parts: 0 }, result: ok('published 0') },
];

describe.each(GENERATIONS)('tools as tasks in %i', (generation) => {
  it.each(ROWS)('[EXMP-01] $title', async ({ tool, args, answers, result }) => {
    const { url } = await serverOf();
    const caller = callerOf(generation, url);
    const { taskId } = await caller.startTask(tool, args);
    const end = await finish(caller, url, taskId, answers);
    const expected =
      generation === 2025
        ? { ...result, _meta: { [RELATED_TASK]: { taskId } } }
        : { ...result, resultType: 'complete' };
    expect(end).toMatchObject({ result: expected });
    expect(end.error).toBeUndefined();
  });

  it('[INTG-06] protocol_error_job fails with the JSON-RPC error that it threw', async () => {
    const { url } = await serverOf();
    const caller = callerOf(generation, url);
    const { taskId } = await caller.startTask('protocol_error_job');
    const { error, result } = await finish(caller, url, taskId);
    expect({ error, result }).toMatchObject({ error: { code: -32603, message: 'protocol_error_job failed' } });
    expect((await caller.pollUntil(taskId, 'failed')).status).toBe('failed');
  });

  it('[HNDL-02] publish_progress shows its parts, and never its secret', async () => {
    const { url } = await serverOf();
    const caller = callerOf(generation, url);
    const { taskId } = await caller.startTask('publish_progress', { parts: 3 });
    await caller.pollUntil(taskId, 'completed');
    const { result, text } = await caller.request('tasks/get', { taskId });
    expect(result._meta[VARIABLES]).toEqual({ 'part-1': 1, 'part-2': 2, 'part-3': 3 });
    expect(text).not.toContain('secret');
  });

  it('count_steps executes each step once and records it in its file', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'count-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const { url } = await serverOf({ COUNT_DIR: directory });
    const caller = callerOf(generation, url);
    const { taskId } = await caller.startTask('count_steps', { steps: 3, stepMs: 1, file: 'log.txt' });
    expect((await finish(caller, url, taskId)).result).toMatchObject(ok('counted 3'));
    const lines = await readFile(join(directory, 'log.txt'), 'utf8');
    expect(lines).toBe([1, 2, 3].map((step) => `${taskId} ${step}\n`).join(''));
  });

  it('greet and structured answer at once where no task was asked for', async () => {
    const { url } = await serverOf();
    const caller = callerOf(generation, url);
    const deviation = { capabilities: {} };
    const greeted = await caller.request('tools/call', { name: 'greet', arguments: { name: 'Ada' } }, deviation);
    expect(greeted.result).toMatchObject(ok('Hello, Ada!'));
    const squared = await caller.request('tools/call', { name: 'structured', arguments: { n: 3 } }, deviation);
    expect(squared.result).toMatchObject({ ...ok('{"square":9}'), structuredContent: { square: 9 } });
    expect(squared.result).not.toHaveProperty('isError', true);
  });
});

describe('test_tool_with_task', () => {
  it('asks first and becomes a task then, in 2026-07-28', async () => {
    const { url } = await serverOf();
    const caller = callerOf(2026, url);
    const call = { name: 'test_tool_with_task', arguments: {} };
    const asked = await caller.request('tools/call', call);
    expect(asked.result).toMatchObject({ resultType: 'input_required' });
    expect(Object.keys(asked.result.inputRequests)).toEqual(['user_name']);
    expect(asked.result.taskId).toBeUndefined();

    const inputResponses = { user_name: accept({ name: 'Ada' }) };
    const { requestState } = asked.result;
    const created = await caller.request('tools/call', { ...call, inputResponses, requestState });
    expect(created.result).toMatchObject({ resultType: 'task' });
    const end = await finish(caller, url, created.result.taskId);
    expect(end.result).toMatchObject(ok('Hello, Ada!'));
  });

  it('asks inside its task in 2025-11-25', async () => {
    const { url } = await serverOf();
    const caller = callerOf(2025, url);
    const { taskId } = await caller.startTask('test_tool_with_task');
    const end = await finish(caller, url, taskId, { 'What is your name?': accept({ name: 'Ada' }) });
    expect(end.result).toMatchObject(ok('Hello, Ada!'));
  });
});

describe('count_steps refuses', () => {
  it.each(['../up', '.hidden', 'a/b', '', 'a b', 'a\n'])('the file name %j', async (file) => {
    const { url } = await serverOf({ COUNT_DIR: tmpdir() });
    const caller = callerOf(2026, url);
    const { taskId } = await caller.startTask('count_steps', { steps: 1, stepMs: 0, file });
    expect(await finish(caller, url, taskId)).toMatchObject({ result: { isError: true } });
  });

  it('every call without COUNT_DIR', async () => {
    const { url } = await serverOf();
    const caller = callerOf(2026, url);
    const { taskId } = await caller.startTask('count_steps', { steps: 1, stepMs: 0, file: 'a' });
    expect(await finish(caller, url, taskId)).toMatchObject({ result: { isError: true } });
  });
});

describe('tools/list', () => {
  it('[INTG-02] shows in 2025-11-25 which tools can be tasks', async () => {
    const { url } = await serverOf();
    const { result } = await callerOf(2025, url).request('tools/list');
    const support = Object.fromEntries(
      result.tools.map((tool) => [tool.name, tool.execution?.taskSupport ?? 'forbidden']),
    );
    expect(support).toEqual({
      greet: 'forbidden',
      slow_compute: 'optional',
      failing_job: 'required',
      protocol_error_job: 'optional',
      confirm_delete: 'required',
      multi_input: 'required',
      structured: 'optional',
      test_tool_with_task: 'required',
      sample_joke: 'required',
      count_steps: 'optional',
      publish_progress: 'optional',
      wide_effects: 'optional',
      // The steps of the workflows, the workflows themselves, and what continues them.
      validate_config: 'optional',
      estimate_cost: 'optional',
      approve: 'optional',
      deploy: 'optional',
      notify: 'optional',
      read_report: 'optional',
      plan_window: 'optional',
      deploy_service: 'optional',
      pause_for: 'optional',
      approve_many: 'optional',
      continue_workflow: 'forbidden',
    });
  });

  it('says nothing of it in 2026-07-28', async () => {
    const { url } = await serverOf();
    const { result } = await callerOf(2026, url).request('tools/list');
    expect(result.tools).toHaveLength(23);
    expect(result.tools.filter((tool) => tool.execution !== undefined)).toEqual([]);
  });
});
