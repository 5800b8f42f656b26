/**
 * How a call becomes a task: the call is checked, then the record is stored in one write, then its run is submitted. In
 * this order a crash in between loses time, never the task: recovery finds it when its lease ends. The client gets the
 * task before any work is done (2025-11-25, Tasks, "Creating Tasks").
 */
import { createHash } from 'node:crypto';
import { type CreateTask, type TaskEntry, TaskError, type TaskHead } from '@mcp-tasks/store';
import { newTaskId, requireOwner, resend } from '@mcp-tasks/store/rules';
import type { TaskTool, ToolCall } from '../api/tool.ts';
import { checkCall, type CheckedCall } from '../core/check-call.ts';
import { type TaskLayer, tell } from '../core/task-layer.ts';
import { RunEntries } from '../handler/task-entries.ts';
import type { Runs } from '../process/runs.ts';
import { callDigest } from '../tool/json.ts';
import { storedCall } from '../tool/stored-call.ts';

/** Store a task for a call, held by the process that will run it, and submit it: one write. */
export async function startTask(
  layer: TaskLayer,
  runs: Runs,
  call: ToolCall,
  opening: Promise<void> | undefined,
): Promise<TaskHead> {
  if (opening !== undefined) await opening;
  requireOwner(call.owner, layer.limits.maxOwnerBytes);
  const checked = await checkCall(layer, call);
  const create = newTask(layer, checked);
  // This process made the id: sent again after a lost answer, the create makes no second task.
  const send = () => layer.store.create(create);
  const outcome = await send().catch((error: unknown) => resend(layer.clock, send, error));
  if (outcome.status === 'over-quota') {
    layer.shares.tell(outcome.limit, call);
    throw overQuota(layer, outcome.limit);
  }
  const { head } = outcome;
  if (head.taskId !== create.head.taskId) {
    if (head.callDigest !== create.head.callDigest) throw keyReused(head.taskId);
    return head;
  }
  layer.hub.hint(head);
  tell(layer, head, call.trace, { type: 'task-created' });
  runs.submitFresh({ head, entries: new RunEntries(storedCall(call)), parsedArguments: checked.parsed });
  return head;
}

function newTask(layer: TaskLayer, { call, tool, parsed, lifetime }: CheckedCall): CreateTask {
  const { limits, clock, holder, settings, executor } = layer;
  const { options } = tool;
  const nowMs = clock.nowMs();
  const isOurs = executor.runsElsewhere !== true;
  const idempotencyKey = idempotencyKeyOf(layer, call, tool, parsed);
  const head: TaskHead = {
    taskId: newTaskId(),
    owner: call.owner,
    version: 1,
    status: 'working',
    createdAtMs: nowMs,
    lastUpdatedAtMs: nowMs,
    ...lifetime,
    expiresAtMs: nowMs + lifetime.ttlMs,
    pollIntervalMs: options.pollIntervalMs ?? limits.pollIntervalMs,
    handler: tool.name,
    callDigest: idempotencyKey === undefined ? '' : callDigest(tool.name, call.arguments),
    attempt: 0,
    crashCount: 0,
    holder: isOurs ? holder : undefined,
    dueAtMs: isOurs ? nowMs + settings.leaseMs : nowMs,
    openQuestions: [],
  };
  const entries: TaskEntry[] = [{ kind: 'call', name: '', value: JSON.stringify(storedCall(call)) }];
  return { head, entries, idempotencyKey, limits, nowMs };
}

/**
 * Make the key for the store from the client's key, or else from the author's. An author's key belongs to the tool, and
 * cannot equal a client's. The scope is mixed in, so that it cannot equal a key of another scope.
 */
function idempotencyKeyOf(layer: TaskLayer, call: ToolCall, tool: TaskTool, parsed: unknown): string | undefined {
  const { idempotencyKey: clientKey, keyScope } = call;
  const { maxIdempotencyKeyCharacters } = layer.limits;
  if (clientKey !== undefined) {
    const key = checkKey(clientKey, maxIdempotencyKeyCharacters);
    if (keyScope === null) throw keyWithoutScope();
    return keyScope === undefined ? key : `client:${digestOf(keyScope, key)}`;
  }
  const toolKey = keyScope === null ? undefined : tool.options.idempotencyKey?.(parsed);
  if (toolKey === undefined) return undefined;
  return `tool:${digestOf(keyScope ?? null, tool.name, checkKey(toolKey, maxIdempotencyKeyCharacters))}`;
}

/** Compute a digest of members; JSON keeps them apart, with any characters. */
function digestOf(...members: readonly (string | null)[]): string {
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
}

function checkKey(key: unknown, maxCharacters: number): string {
  const fits = typeof key === 'string' && key.length > 0 && key.length <= maxCharacters && !/\p{Cs}/u.test(key);
  if (fits) return key;
  throw new TaskError(
    'IDEMPOTENCY_KEY_INVALID',
    `The idempotency key must be a string of 1 to ${maxCharacters} characters.`,
    { details: { limitCharacters: maxCharacters } },
  );
}

function keyWithoutScope(): TaskError {
  return new TaskError(
    'TASK_OWNER_REQUIRED',
    'An idempotency key needs a caller with an owner, or a session: anonymous callers share one owner. Leave the key out, or authenticate.',
    { details: { field: 'idempotencyKey' } },
  );
}

function overQuota(layer: TaskLayer, limit: 'maxActiveTasks' | 'maxStoredTasks'): TaskError {
  const most = layer.limits[limit];
  const kind = limit === 'maxActiveTasks' ? 'active' : 'stored';
  return new TaskError(
    'TASK_QUOTA_EXCEEDED',
    `The owner has ${most} ${kind} tasks, which is the limit: wait until one ends or expires.`,
    {
      details: { limit, [limit]: most },
    },
  );
}

function keyReused(taskId: string): TaskError {
  return new TaskError(
    'IDEMPOTENCY_KEY_REUSED',
    'The idempotency key belongs to another call: use a new key for another tool or other arguments.',
    { details: { taskId } },
  );
}
