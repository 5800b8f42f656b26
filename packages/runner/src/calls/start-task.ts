/**
 * How a call becomes a task: the call is checked, then the record is stored in one write, which also claims it when a
 * slot is free. A crash right after it loses time, never the task: it is due, or its lease ends. The client gets the
 * task before any work is done (2025-11-25, Tasks, "Creating Tasks").
 */
import { createHash } from 'node:crypto';
import {
  type CreateTask,
  type CreateTaskOutcome,
  newWriteId,
  type TaskEntry,
  TaskError,
  type TaskHead,
} from '@mcp-tasks/store';
import { newTaskId, requireOwner, resend, rules } from '@mcp-tasks/store/rules';
import type { RunSlot } from '../api/executor.ts';
import type { TaskTool, ToolCall } from '../api/tool.ts';
import { checkCall, type CheckedCall } from '../core/check-call.ts';
import { leaseDeadlineMs, monotonicMs } from '../core/lease-deadline.ts';
import { type TaskLayer, tell, writeByRule } from '../core/task-layer.ts';
import { RunEntries } from '../handler/task-entries.ts';
import type { Runs } from '../process/runs.ts';
import { callDigest } from '../tool/json.ts';
import { storedCall } from '../tool/stored-call.ts';

type QuotaRefusal = Extract<CreateTaskOutcome, { readonly status: 'over-quota' }>;

/** The parts of a process that take a new task. */
export interface TaskTakers {
  readonly runs: Runs;
  /** Take a slot for a task that is about to be created; `undefined` when the task has to wait for one. */
  takeSlot(owner: string): RunSlot | undefined;
}

/** Store a task for a call: one write. With a free slot the same write claims it, and its run begins at once. */
export async function startTask(
  layer: TaskLayer,
  takers: TaskTakers,
  call: ToolCall,
  opening: Promise<void> | undefined,
): Promise<TaskHead> {
  if (opening !== undefined) await opening;
  requireOwner(call.owner, layer.limits.maxOwnerBytes);
  const checked = await checkCall(layer, call);
  const slot = takers.takeSlot(call.owner);
  const create = newTask(layer, checked, slot !== undefined);
  const sentAtMs = monotonicMs(layer.clock);
  let head: TaskHead;
  try {
    head = await store(layer, call, create);
  } catch (error) {
    slot?.release();
    throw error;
  }
  if (head.taskId !== create.head.taskId) {
    slot?.release();
    if (head.callDigest !== create.head.callDigest) throw keyReused(head.taskId);
    return head;
  }
  layer.hub.hint(head);
  tell(layer, head, call.trace, { type: 'task-created' });
  if (slot === undefined) layer.submit(head);
  else {
    const fresh = { entries: new RunEntries(storedCall(call)), parsedArguments: checked.parsed };
    const deadlineMs = leaseDeadlineMs(sentAtMs, layer.settings.leaseMs);
    takers.runs.beginClaimed({ record: { head, entries: [] }, slot, leaseDeadlineMs: deadlineMs, fresh });
  }
  return head;
}

/**
 * Create the task. This process made the id: sent again after a lost answer, the create makes no second task.
 *
 * @returns the head of the new task, or of the one that the idempotency key names.
 */
async function store(layer: TaskLayer, call: ToolCall, create: CreateTask): Promise<TaskHead> {
  const send = () => layer.store.create(create);
  let outcome: CreateTaskOutcome;
  try {
    outcome = await send().catch((error: unknown) => resend(layer.clock, send, error));
  } catch (error) {
    if (create.idempotencyKey === undefined && TaskError.is(error) && error.retryable) giveUp(layer, create.head);
    throw error;
  }
  if (outcome.status === 'over-quota') {
    layer.shares.tell(outcome.limit, call);
    throw overQuota(layer, outcome);
  }
  return outcome.head;
}

/**
 * Cancel a task whose create was not acknowledged: its client was told that there is none, and would call again. As
 * best it can: while the store is away for longer than a lease, nothing more is tried.
 */
function giveUp(layer: TaskLayer, head: TaskHead): void {
  const forMs = layer.settings.leaseMs;
  writeByRule(layer, head.taskId, rules.cancel(), { trace: undefined, forMs }).catch((error: unknown) => {
    if (!TaskError.is(error, 'TASK_NOT_FOUND')) layer.reportError(error);
  });
}

function newTask(layer: TaskLayer, { call, tool, parsed, lifetime }: CheckedCall, isClaimed: boolean): CreateTask {
  const { limits, clock, holder, settings, executor } = layer;
  const { options } = tool;
  const nowMs = clock.nowMs();
  const idempotencyKey = idempotencyKeyOf(layer, call, tool, parsed);
  const head: TaskHead = {
    taskId: newTaskId(),
    owner: call.owner,
    version: 1,
    writeId: newWriteId(),
    status: 'working',
    createdAtMs: nowMs,
    lastUpdatedAtMs: nowMs,
    ...lifetime,
    expiresAtMs: nowMs + lifetime.ttlMs,
    pollIntervalMs: options.pollIntervalMs ?? limits.pollIntervalMs,
    handler: tool.name,
    queue: executor.queue,
    callDigest: idempotencyKey === undefined ? '' : callDigest(tool.name, call.arguments),
    attempt: isClaimed ? 1 : 0,
    crashCount: 0,
    holder: isClaimed ? holder : undefined,
    dueAtMs: isClaimed ? nowMs + settings.leaseMs : nowMs,
    openQuestions: [],
    entryBytes: 0,
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

function overQuota({ limits }: TaskLayer, refusal: QuotaRefusal): TaskError {
  const { limit, retryable } = refusal;
  const most = limits[limit];
  const kinds = { maxActiveTasks: 'active tasks', maxStoredTasks: 'stored tasks', maxStoredBytes: 'bytes stored' };
  const advice = retryable ? 'expired tasks are being removed, so try again' : 'wait until one ends or expires';
  return new TaskError('TASK_QUOTA_EXCEEDED', `The owner has ${most} ${kinds[limit]}, which is the limit: ${advice}.`, {
    details: { limit, [limit]: most },
    retryable,
  });
}

function keyReused(taskId: string): TaskError {
  return new TaskError(
    'IDEMPOTENCY_KEY_REUSED',
    'The idempotency key belongs to another call: use a new key for another tool or other arguments.',
    { details: { taskId } },
  );
}
