import type { TaskHead } from '@mcp-tasks/store';
import type { Span } from '../fakes/timed-store.ts';
import { type Made, type MadeCall } from '../sides/lane.ts';
import { rule } from './broken-rule.ts';
import { differenceOf, type TaskState } from './task-state.ts';

/** A version of a task, and when it can have become the present one. */
export interface TaskVersion {
  readonly state: TaskState;
  /** Its write began then; the version was not there before. */
  readonly fromNs: bigint;
  /** The first answer that shows it, or a later version, came then: from then on no call finds an older one. */
  knownNs: bigint;
  /** Whether its write set `dueAtMs`; else it is that of the version before, as renewals left it. */
  readonly setsDue: boolean;
}

/** A renewal that was answered with the task. */
interface Renewal extends Span {
  readonly version: number;
  readonly dueAtMs: number;
}

/** The one sequential record of a task during one round: its versions in order, and its renewals. */
export class TaskLine {
  readonly taskId: string;
  readonly owner: string;
  readonly idempotencyKey: string | undefined;
  /** Whether the task was created in this round: a call may then find none. */
  readonly isNew: boolean;
  readonly versions: [TaskVersion, ...TaskVersion[]];
  readonly #renewals: Renewal[] = [];

  constructor(first: TaskVersion, isNew: boolean, idempotencyKey: string | undefined) {
    const { taskId, owner } = first.state.head;
    this.taskId = taskId;
    this.owner = owner;
    this.isNew = isNew;
    this.idempotencyKey = idempotencyKey;
    this.versions = [first];
  }

  get last(): TaskVersion {
    return this.versions.at(-1) ?? this.versions[0];
  }

  /** Find a version by its number. */
  at(version: number): TaskVersion | undefined {
    return this.versions[version - this.versions[0].state.head.version];
  }

  addRenewal(call: Made<'renew'>, head: TaskHead): void {
    const dueAtMs = call.input.nowMs + call.input.leaseMs;
    this.#renewals.push({ fromNs: call.fromNs, toNs: call.toNs, version: head.version, dueAtMs });
  }

  /** Find the versions that may have been the present one at some time of a span. */
  during({ fromNs, toNs }: Span): readonly TaskVersion[] {
    const begun = this.versions.filter((version) => version.fromNs <= toNs);
    const known = begun.findLastIndex(({ knownNs }) => knownNs < fromNs);
    return known < 0 ? begun : begun.slice(known);
  }

  /** Tell whether a call may have found no such task. */
  mayBeAbsent({ fromNs }: Span): boolean {
    return this.isNew && this.versions[0].knownNs >= fromNs;
  }

  /** The values that `dueAtMs` may have had at a version, as a call of this span may find it. */
  dueDuring({ state }: TaskVersion, { fromNs, toNs }: Span): ReadonlySet<number | null> {
    const { version } = state.head;
    const base = this.versions.findLast((one) => one.setsDue && one.state.head.version <= version) ?? this.versions[0];
    const baseVersion = base.state.head.version;
    const renewals = this.#renewals.filter(
      (one) => one.version >= baseVersion && one.version <= version && one.fromNs <= toNs,
    );
    const before = renewals.filter((one) => one.version < version || one.toNs < fromNs);
    const values = new Set<number | null>();
    if (before.length === 0) values.add(base.state.head.dueAtMs);
    for (const one of renewals) {
      const isReplaced = before.some((later) => one.version < later.version || one.toNs < later.fromNs);
      if (!isReplaced) values.add(one.dueAtMs);
    }
    return values;
  }

  /** Fail unless a head that a call was answered is what the record says. @returns its version. */
  see(head: TaskHead, call: MadeCall): TaskVersion {
    const about = { taskId: this.taskId, call };
    const possible = this.during(call);
    const oldest = possible[0]?.state.head.version ?? 0;
    rule(
      head.version >= oldest,
      `version ${head.version} is answered, though version ${oldest} was known before the call began`,
      about,
    );
    const version = this.at(head.version);
    rule(version !== undefined, `version ${head.version} is answered, which no write made`, about);
    const difference = differenceOf(head, version.state.head);
    rule(difference === undefined, `version ${head.version} is answered with other content: ${difference}`, about);
    rule(possible.includes(version), `version ${head.version} is answered before its write began`, about);
    const due = this.dueDuring(version, call);
    rule(
      due.has(head.dueAtMs),
      `dueAtMs is ${String(head.dueAtMs)} at version ${head.version}, and must be ${[...due].join(' or ')}`,
      about,
    );
    return version;
  }
}
