import type { ClaimOutcome, ClaimTasks } from '@mcp-tasks/store';
import * as sql from './due-statements.ts';
import { textToBlob } from './rows.ts';
import type { SqliteParameters, SqliteSession } from './sqlite-session.ts';
import { COUNT_CHANGES, GET_CLAIMED } from './statements.ts';
import { BEFORE_ALL, groupsOf, hexOf, LANES, recordsOf, type TaskGroup } from './task-reads.ts';

/** Owners that a claim looks at, at most: some, and some more for each task that it may take. */
const LOOKED_AT_OWNERS = 64;
const LOOKED_AT_OWNERS_PER_TASK = 4;
/**
 * Tasks that a claim moves to the lanes where owners take turns, beside as many as it may take. Where far more become
 * due at once, claims go on one after the other; moving them all would stop the event loop.
 */
const MOVED_TASKS = 250;

/** The tasks that a claim takes. */
interface Picked {
  readonly taskSeqs: readonly number[];
  readonly lastOwner?: string | undefined;
}

/** Pick due tasks and claim them. Called inside a transaction, and perhaps again in another one. */
export function claimTasks(session: SqliteSession, claim: ClaimTasks): ClaimOutcome {
  const write_id = textToBlob(claim.writeId);
  const noted = session.get(sql.FIND_CLAIM, { write_id })?.['task_seqs'];
  const handlers = new Map(claim.handlers.map(({ name, suspectCrashCount }) => [name, suspectCrashCount]));
  const groups = groupsOf(claim.queues, handlers, LANES);
  const { taskSeqs, lastOwner }: Picked =
    typeof noted === 'string'
      ? { taskSeqs: JSON.parse(noted) as number[] }
      : new Picker(session, claim, groups).pick(handlers);
  const task_seqs = JSON.stringify(taskSeqs);
  const { holder, leaseMs, kinds, nowMs: now } = claim;
  if (noted === undefined && taskSeqs.length > 0) {
    const due_at_ms = now + leaseMs;
    session.run(sql.CLAIM, { task_seqs, write_id, holder: textToBlob(holder), due_at_ms, now });
    session.run(COUNT_CHANGES, { count: taskSeqs.length });
    session.run(sql.FORGET_CLAIMS, { now });
    session.run(sql.NOTE_CLAIM, { write_id, task_seqs, until_ms: due_at_ms });
  }
  const rows =
    taskSeqs.length === 0 ? [] : session.all(GET_CLAIMED, { task_seqs, write_id, kinds: JSON.stringify(kinds), now });
  const next = session.get(sql.NEXT_DUE, { groups: JSON.stringify(groups), now });
  const nextDueAtMs = (next?.['due_at_ms'] ?? null) as number | null;
  return { records: recordsOf(rows, false), ...(lastOwner !== undefined && { lastOwner }), nextDueAtMs };
}

/** Picks tasks one by one, as far as a claim allows. */
class Picker {
  readonly #session: SqliteSession;
  readonly #claim: ClaimTasks;
  readonly #groups: readonly TaskGroup[];
  readonly #taskSeqs: number[] = [];
  #suspectsLeft: number;

  constructor(session: SqliteSession, claim: ClaimTasks, groups: readonly TaskGroup[]) {
    this.#session = session;
    this.#claim = claim;
    this.#groups = groups;
    this.#suspectsLeft = claim.suspects;
  }

  pick(handlers: ReadonlyMap<string, number | undefined>): Picked {
    if (this.#claim.taskIds !== undefined) return this.#pickNamed(this.#claim.taskIds, handlers);
    return this.#pickInTurn();
  }

  get #room(): number {
    return this.#claim.limit - this.#taskSeqs.length;
  }

  /** Take a task, unless it is a suspect too many. */
  #take(taskSeq: unknown, isSuspect: boolean): void {
    if (isSuspect && this.#suspectsLeft <= 0) return;
    if (isSuspect) this.#suspectsLeft -= 1;
    this.#taskSeqs.push(taskSeq as number);
  }

  #pickNamed(taskIds: readonly string[], handlers: ReadonlyMap<string, number | undefined>): Picked {
    const { holder, queues, takesLostRuns, nowMs: now } = this.#claim;
    const ids = [...new Set(taskIds)].map(hexOf);
    const named = { task_ids: JSON.stringify(ids), holder: textToBlob(holder), now };
    const rows = this.#session.all(sql.LIST_DUE_OF_IDS, named);
    const byId = new Map(rows.map((row) => [Buffer.from(row['task_id'] as Uint8Array).toString('hex'), row]));
    for (const id of ids) {
      const row = byId.get(id);
      if (row === undefined || this.#room <= 0) continue;
      const [handler, queue] = [shownText(row['handler']), shownText(row['queue'])];
      if (!handlers.has(handler) || !queues.includes(queue)) continue;
      if (row['is_held'] === 1 && !takesLostRuns) continue;
      this.#take(row['seq'], (row['crashes'] as number) >= (handlers.get(handler) ?? Infinity));
    }
    return { taskSeqs: this.#taskSeqs };
  }

  #pickInTurn(): Picked {
    const { limit, perOwner, owners = [], takesLostRuns, nowMs: now } = this.#claim;
    const sleeping = this.#groups.filter(([, , lane]) => lane === 0);
    this.#session.run(sql.MOVE_DUE, { groups: JSON.stringify(sleeping), limit: MOVED_TASKS + limit, now });
    // Lane 2 has the lost runs.
    const inTurn = this.#groups.filter(([, , lane]) => lane === 1 || (lane === 2 && takesLostRuns));
    const known = this.#session.all(sql.LIST_GROUPS, { groups: JSON.stringify(inTurn), now });
    const places = new Set(known.map(({ key }) => key));
    const groups = inTurn.filter((_, place) => places.has(place));
    const rooms = new Map(owners.map((room) => [room.owner, room.limit]));
    let looksLeft = LOOKED_AT_OWNERS + LOOKED_AT_OWNERS_PER_TASK * limit;
    let lastOwner: string | undefined;
    for (const owner of this.#turn(groups)) {
      if (this.#room <= 0 || looksLeft <= 0) break;
      looksLeft -= 1;
      lastOwner = shownText(owner);
      this.#pickOfOwner(owner, JSON.stringify(groups), rooms.get(lastOwner) ?? perOwner);
    }
    return { taskSeqs: this.#taskSeqs, lastOwner };
  }

  #pickOfOwner(owner: Uint8Array, groups: string, ownerRoom: number): void {
    const until = this.#taskSeqs.length + Math.min(ownerRoom, this.#room);
    const ofOwner = { groups, owner, holder: textToBlob(this.#claim.holder), now: this.#claim.nowMs };
    let after: SqliteParameters = { after_due_at_ms: BEFORE_ALL.dueAtMs, after_task_id: textToBlob(BEFORE_ALL.taskId) };
    while (this.#taskSeqs.length < until) {
      const limit = until - this.#taskSeqs.length;
      const takes_suspects = this.#suspectsLeft > 0 ? 1 : 0;
      const rows = this.#session.all(sql.LIST_DUE_OF_OWNER, { ...ofOwner, ...after, takes_suspects, limit });
      for (const row of rows) {
        this.#take(row['seq'], row['is_suspect'] === 1);
        after = { after_due_at_ms: row['due_at_ms'] as number, after_task_id: row['task_id'] as Uint8Array };
      }
      if (rows.length < limit) return;
    }
  }

  /** Iterate over the owners of groups in the order of their bytes, from the one after `afterOwner` on, and round to it. */
  *#turn(groups: readonly TaskGroup[]): Generator<Uint8Array, undefined> {
    if (groups.length === 0) return;
    const last = this.#claim.afterOwner === undefined ? undefined : textToBlob(this.#claim.afterOwner);
    const inTurn = { groups: JSON.stringify(groups), now: this.#claim.nowMs };
    const next = (after: Uint8Array | undefined) => {
      const row =
        after === undefined
          ? this.#session.get(sql.FIRST_OWNER, inTurn)
          : this.#session.get(sql.OWNER_AFTER, { ...inTurn, after });
      return (row?.['owner'] ?? undefined) as Uint8Array | undefined;
    };
    for (let owner = next(last); owner !== undefined; owner = next(owner)) yield owner;
    if (last === undefined) return;
    for (let owner = next(undefined); owner !== undefined && last.compare(owner) >= 0; owner = next(owner)) yield owner;
  }
}

/** Text for a comparison: bytes that are not UTF-8, which the store never wrote, find nothing. */
function shownText(stored: unknown): string {
  return Buffer.from(stored as Uint8Array).toString();
}
