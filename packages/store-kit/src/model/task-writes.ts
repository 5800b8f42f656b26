import type { TaskHead } from '@mcp-tasks/store';
import type { Made, MadeCall } from '../sides/lane.ts';
import { rule } from './broken-rule.ts';

/** A write that a store says it made. */
export interface TaskWrite {
  readonly writeId: string;
  /** The version that it made. */
  readonly version: number;
  /** Of the calls that say so the one that began first: a write that is sent again has several. */
  readonly call: Made<'create'> | Made<'update'> | Made<'claim'>;
}

/** Gathers, from the answers of a round, which writes made the versions of each task. */
export class TaskWrites {
  readonly #byTask = new Map<string, Map<number, TaskWrite>>();

  /** @param calls - in the order in which they began. */
  constructor(calls: readonly MadeCall[]) {
    for (const call of calls) {
      if (call.method === 'create') this.#addCreate(call);
      if (call.method === 'update') this.#addUpdate(call);
      if (call.method === 'claim') this.#addClaim(call);
    }
  }

  of(taskId: string): ReadonlyMap<number, TaskWrite> {
    return this.#byTask.get(taskId) ?? new Map<number, TaskWrite>();
  }

  #addCreate(call: Made<'create'>): void {
    const { head } = call.input;
    if (call.answer.status !== 'created') return;
    const before = this.of(head.taskId).get(1);
    rule(before === undefined, 'a task was created twice', { taskId: head.taskId, call });
    this.#add(call.answer.head, head.writeId, call);
  }

  #addUpdate(call: Made<'update'>): void {
    const { taskId, writeId, expected } = call.input;
    if (call.answer.status !== 'updated') return;
    const { head } = call.answer;
    const about = { taskId, call };
    rule(head.writeId === writeId, 'an update is answered as written, with the head of another write', about);
    rule(
      head.version === expected.version + 1,
      `an update that expected version ${expected.version} made version ${head.version}`,
      about,
    );
    this.#add(head, writeId, call);
  }

  #addClaim(call: Made<'claim'>): void {
    const { writeId } = call.input;
    for (const { head } of call.answer.records) {
      const about = { taskId: head.taskId, call };
      rule(head.writeId === writeId, 'a claim is answered with a task that it did not write', about);
      this.#add(head, writeId, call);
    }
  }

  #add({ taskId, version }: TaskHead, writeId: string, call: TaskWrite['call']): void {
    const writes = this.#byTask.get(taskId) ?? new Map<number, TaskWrite>();
    this.#byTask.set(taskId, writes);
    const before = writes.get(version);
    rule(
      before === undefined || before.writeId === writeId,
      call.method === 'claim' && before?.call.method === 'claim'
        ? `two claims got attempt ${String(call.answer.records.find(({ head }) => head.taskId === taskId)?.head.attempt)}`
        : `two writes made version ${version}`,
      { taskId, call },
    );
    if (before === undefined) writes.set(version, { writeId, version, call });
  }
}
