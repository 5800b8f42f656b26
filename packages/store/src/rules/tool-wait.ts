import { isTerminalStatus } from '@mcp-tasks/wire';
import type { TaskHead } from '../port/record.ts';
import { done, liveRule, type Rule, write } from './rule.ts';

/**
 * Say on a task that it waits for a process that knows its tool: it has been due since `dueUntilMs` or longer. Said once,
 * it is not said again. The task stays due as it was; its next run takes the message back with its first write.
 */
export function tellWait(dueUntilMs: number): Rule<'told' | 'left'> {
  return liveRule((head, nowMs) => {
    const { status, dueAtMs } = head;
    const isWaiting = !isTerminalStatus(status) && dueAtMs !== null && dueAtMs <= dueUntilMs;
    if (!isWaiting || saysWait(head)) return done('left');
    return write(head, nowMs, { head: { statusMessage: waitMessage(head) } }, 'told');
  });
}

/** Tell whether a task shows that it waits for a process that knows its tool. */
export function saysWait(head: TaskHead): boolean {
  return head.statusMessage === waitMessage(head);
}

/** The change of a head by which a run takes that message back. */
export function withoutWait(head: TaskHead): { readonly statusMessage?: null } {
  return saysWait(head) ? { statusMessage: null } : {};
}

function waitMessage({ handler }: TaskHead): string {
  return `Waits for a process that knows tool "${handler}".`;
}
