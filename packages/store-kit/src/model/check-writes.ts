import type { TaskHead } from '@mcp-tasks/store';
import type { Made } from '../sides/lane.ts';
import { rule } from './broken-rule.ts';
import { see } from './check-reads.ts';
import { callsOf, type Round } from './round.ts';
import { isActive } from './task-state.ts';

/** Check the answers of creates, updates and renewals; limits apart. */
export function checkWrites(round: Round): void {
  for (const call of callsOf(round, 'create')) checkCreate(round, call);
  for (const call of callsOf(round, 'update')) checkUpdate(round, call);
  for (const call of callsOf(round, 'renew')) checkRenew(round, call);
  checkKeys(round);
}

function checkCreate(round: Round, call: Made<'create'>): void {
  const { head, idempotencyKey } = call.input;
  const about = { taskId: head.taskId, call };
  const isSame = (taskId: string, owner: string, key: string | undefined) =>
    taskId === head.taskId || (key !== undefined && key === idempotencyKey && owner === head.owner);
  const { answer } = call;
  if (answer.status !== 'over-quota') see(round, answer.head, call);
  if (answer.status === 'existing') {
    const line = round.lines.get(answer.head.taskId);
    const isRight = line !== undefined && isSame(line.taskId, line.owner, line.idempotencyKey);
    rule(isRight, 'create answers a task of another id and key', { taskId: answer.head.taskId, call });
    return;
  }
  for (const line of round.lines.values()) {
    const isThere = isSame(line.taskId, line.owner, line.idempotencyKey) && !line.mayBeAbsent(call);
    rule(!isThere, `create answers ${answer.status}, though a live task has this id or key`, about);
  }
}

/** A key names one live task. */
function checkKeys({ lines }: Round): void {
  const named = new Map<string, string>();
  for (const { taskId, owner, idempotencyKey } of lines.values()) {
    if (idempotencyKey === undefined) continue;
    const key = JSON.stringify([owner, idempotencyKey]);
    const other = named.get(key);
    rule(other === undefined, `the key "${idempotencyKey}" names two live tasks, this one and ${String(other)}`, {
      taskId,
    });
    named.set(key, taskId);
  }
}

function checkUpdate(round: Round, call: Made<'update'>): void {
  const { taskId, expected, writeId } = call.input;
  const about = { taskId, call };
  const { answer } = call;
  if (answer.status === 'not-found') {
    const line = round.lines.get(taskId);
    rule(line === undefined || line.mayBeAbsent(call), 'update does not find a task that is live', about);
    return;
  }
  rule(answer.head.taskId === taskId, 'update answers another task', about);
  see(round, answer.head, call);
  const isExpected = answer.head.version === expected.version && answer.head.writeId === expected.writeId;
  if (answer.status === 'conflict') {
    const isWritten = answer.head.writeId === writeId;
    rule(!isExpected && !isWritten, 'update answers a conflict with the head that it expected or wrote', about);
  }
  if (answer.status === 'over-quota')
    rule(isExpected, 'update looks at the quota before it looks at the version', about);
}

function checkRenew(round: Round, call: Made<'renew'>): void {
  const { leases, leaseMs, nowMs } = call.input;
  const held = new Map<string, TaskHead>();
  for (const head of call.answer) {
    const about = { taskId: head.taskId, call };
    rule(!held.has(head.taskId), 'renew answers a task twice', about);
    held.set(head.taskId, head);
    const { state } = see(round, head, call);
    const isAsked = leases.some(
      ({ taskId, attempt, holder }) => taskId === head.taskId && attempt === head.attempt && holder === head.holder,
    );
    rule(isAsked && isActive(state), 'renew answers a task that this holder does not hold', about);
    rule(head.dueAtMs === nowMs + leaseMs, `renew answers dueAtMs ${String(head.dueAtMs)}`, about);
  }
  for (const { taskId, attempt, holder } of leases) {
    const line = round.lines.get(taskId);
    if (line === undefined || held.has(taskId) || line.mayBeAbsent(call)) continue;
    const isHeld = line
      .during(call)
      .every(({ state }) => state.head.attempt === attempt && state.head.holder === holder && isActive(state));
    rule(!isHeld, 'renew leaves out a task that is held', { taskId, call });
  }
}
