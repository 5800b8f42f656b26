import assert from 'node:assert/strict';
import { resultFromTaskOutcome } from '@modelcontextprotocol/ext-tasks/client';
import type { User } from './user.ts';

const UNKNOWN_TASK_ID = '00000000-0000-4000-8000-000000000000';

/** Start a letter. @returns the id of its task */
export async function startLetter(user: User, to: string) {
  const execution = await user.session.callTool('write_letter', { to }, { task: { preference: 'require' } });
  assert(execution.kind === 'task', 'the letter did not become a task');
  return execution;
}

/** The server's refusal; fails when the server does not refuse. */
async function refusalOf(operation: Promise<unknown>): Promise<string> {
  const outcome = await operation.then(
    () => 'allowed',
    (error: unknown) => error,
  );
  assert(outcome instanceof Error, 'the server allowed what it must refuse');
  return outcome.message;
}

/** A foreign task must look exactly like one that never was. */
export async function looksMissing(user: User, taskId: string): Promise<void> {
  const operations = [
    (id: string) => user.session.task(id as never).snapshot(),
    (id: string) => user.session.task(id as never).result(),
    (id: string) => user.session.cancelTask(id as never),
  ];
  for (const operation of operations) {
    const foreign = await refusalOf(operation(taskId));
    const missing = await refusalOf(operation(UNKNOWN_TASK_ID));
    assert.equal(foreign.replaceAll(taskId, 'ID'), missing.replaceAll(UNKNOWN_TASK_ID, 'ID'));
  }
}

/** The ids that a user's tasks/list shows. */
export async function listedIds(user: User): Promise<string[]> {
  const page = await user.session.listTasks();
  return page.tasks.map((task) => task.taskId);
}

/** The text of a finished letter. */
export async function letterOf(execution: Awaited<ReturnType<typeof startLetter>>): Promise<string> {
  const { outcome } = await execution.settle();
  const { content } = resultFromTaskOutcome(outcome) as { content: readonly { text?: string }[] };
  return content[0]?.text ?? '';
}

/** A user who asks too fast is told to wait, and how long. */
export async function isSlowedDown(url: string, token: string): Promise<void> {
  for (let sent = 0; sent < 1_000; sent += 1) {
    const response = await post(url, token, { method: 'tasks/get', params: { taskId: UNKNOWN_TASK_ID } });
    await response.text();
    if (response.status !== 429) continue;
    assert(Number(response.headers.get('retry-after')) > 0, 'the refusal does not say when to come again');
    return;
  }
  assert.fail('the server took a thousand requests of one user');
}

/** A request without a good token must get 401 and a way to a better one. */
export async function isTurnedAway(url: string, token: string | undefined): Promise<void> {
  const response = await post(url, token, { method: 'ping' });
  assert.equal(response.status, 401);
  assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer .*resource_metadata=/);
}

function post(url: string, token: string | undefined, message: object): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }),
  });
}
