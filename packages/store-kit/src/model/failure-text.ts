import { headsIn, type MadeCall } from '../sides/lane.ts';
import type { BrokenRule } from './broken-rule.ts';

/** Longest list of calls in a failure. */
const SHOWN_CALLS = 80;
/** Fields that say nothing in a failure: they never change, or are in every call. */
const OMITTED = new Set(['callDigest', 'pollIntervalMs', 'kinds', 'limits', 'createdAtMs', 'ttlMs', 'lastUpdatedAtMs']);

/** Tell whether a call is about a task, by what went in or came out. */
function isAbout(call: MadeCall, taskId: string): boolean {
  if (headsIn(call).some((head) => head.taskId === taskId)) return true;
  switch (call.method) {
    case 'create':
      return call.input.head.taskId === taskId;
    case 'update':
      return call.input.taskId === taskId;
    case 'get':
      return call.input.taskIds.includes(taskId);
    case 'claim':
      return call.input.taskIds?.includes(taskId) === true;
    case 'renew':
      return call.input.leases.some((lease) => lease.taskId === taskId);
    case 'deleteExpired':
      return call.answer.some((head) => head.taskId === taskId);
    default:
      return false;
  }
}

/**
 * Say which rule broke, and list the calls that led there: those of the task, or of the last round where the rule is
 * about no task.
 *
 * @param calls - all calls that are remembered, in the order in which they began.
 */
export function failureText(broken: BrokenRule, calls: readonly MadeCall[], roundCalls: readonly MadeCall[]): string {
  const { message, taskId, call } = broken;
  const about = taskId === undefined ? roundCalls : calls.filter((one) => isAbout(one, taskId));
  const shown = about.slice(-SHOWN_CALLS);
  const startNs = shown[0]?.fromNs ?? 0n;
  return [
    `${message}.`,
    ...(call === undefined ? [] : [`The call: ${callText(call, call.fromNs)}`]),
    taskId === undefined ? 'The calls of the round:' : `The calls of task ${taskId}:`,
    ...(about.length > shown.length ? [`  (${about.length - shown.length} earlier calls)`] : []),
    ...shown.map((one) => `${one === call ? '> ' : '  '}${callText(one, startNs, taskId)}`),
  ].join('\n');
}

function callText(call: MadeCall, startNs: bigint, taskId?: string): string {
  const { lane, method, fromNs, toNs, fate } = call;
  const span = `${millis(fromNs - startNs)} to ${millis(toNs - startNs)} ms`;
  const note = { told: '', lost: ' (the answer is lost)', left: ' (the caller has gone on)' }[fate];
  const isBare = taskId === undefined;
  return `${span}  ${lane}: ${method} ${asText(call.input, isBare ? undefined : taskId)} -> ${asText(call.answer ?? null, taskId)}${note}`;
}

/** Write a value as JSON; of a list of tasks only the one that matters. */
function asText(value: unknown, taskId?: string): string {
  return JSON.stringify(value, (key, member: unknown) => {
    if (OMITTED.has(key)) return undefined;
    if (taskId === undefined || !Array.isArray(member)) return member;
    const items: readonly unknown[] = member;
    const tasks = items.filter((item) => JSON.stringify([item]).includes(`"${taskId}"`));
    return tasks.length > 0 ? tasks : items.filter((item) => !isTask(item));
  });
}

function isTask(item: unknown): boolean {
  return typeof item === 'object' && item !== null && ('taskId' in item || 'head' in item);
}

function millis(ns: bigint): string {
  return (Number(ns) / 1e6).toFixed(3);
}
