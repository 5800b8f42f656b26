import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import type { CreateTask, TaskHead, TaskStore, UpdateTask } from '@mcp-tasks/store';
import { isTerminalStatus } from '@mcp-tasks/wire';
import type { Span } from '../fakes/timed-store.ts';

/** The methods that a lane calls. */
type LaneMethod = 'create' | 'get' | 'update' | 'findJoinable' | 'list' | 'due' | 'claim' | 'renew' | 'deleteExpired';

type InputOf<Method extends LaneMethod> = Parameters<TaskStore[Method]>[0];
type AnswerOf<Method extends LaneMethod> = Awaited<ReturnType<TaskStore[Method]>>;

/**
 * Fate of a call: its answer is told; or it is lost, once the call is over; or the caller gives up at once, and the
 * call goes on.
 */
export type Fate = 'told' | 'lost' | 'left';

/** One call to make. A write is sent once for each fate. */
export type PlannedCall =
  | { readonly method: 'create'; readonly input: CreateTask; readonly fates: readonly Fate[] }
  | {
      readonly method: 'update';
      readonly input: Omit<UpdateTask, 'expected'>;
      /** The head that the caller takes for the present one: the newest or the first it saw, or one never written. */
      readonly base: 'newest' | 'first' | 'forged';
      readonly fates: readonly Fate[];
    }
  | {
      readonly method: 'renew';
      readonly taskIds: readonly string[];
      readonly input: Omit<InputOf<'renew'>, 'leases'>;
      readonly fates: readonly Fate[];
    }
  | { readonly method: 'claim'; readonly input: InputOf<'claim'>; readonly fates: readonly Fate[] }
  | { readonly method: 'deleteExpired'; readonly input: InputOf<'deleteExpired'>; readonly fates: readonly Fate[] }
  /** Send one of the writes of this lane again, whatever became of it. */
  | { readonly method: 'again'; readonly place: number }
  | Read<'get'>
  | Read<'findJoinable'>
  | Read<'list'>
  | Read<'due'>;

interface Read<Method extends LaneMethod> {
  readonly method: Method;
  readonly input: InputOf<Method>;
}

/** One call that was made. */
export type MadeCall = {
  [Method in LaneMethod]: Span & {
    readonly lane: string;
    readonly method: Method;
    readonly input: InputOf<Method>;
    readonly answer: AnswerOf<Method>;
    readonly fate: Fate;
  };
}[LaneMethod];

/** A made call of one method. */
export type Made<Method extends LaneMethod> = Extract<MadeCall, { readonly method: Method }>;

/** The work of one lane: a connection, here or in another process. */
export interface LaneInput {
  readonly lane: string;
  /** Calls that are under way at the same time. */
  readonly width: number;
  readonly calls: readonly PlannedCall[];
  /** Heads that the lane knows from the beginning. */
  readonly heads: readonly TaskHead[];
}

let turn: Promise<void> | undefined;

/**
 * Wait for the next turn of the event loop, which all lanes of this process begin together: a store that never waits
 * would end each call before another lane can begin one.
 */
function nextTurn(): Promise<void> {
  turn ??= setImmediate().then(() => {
    turn = undefined;
  });
  return turn;
}

/** Make the planned calls. Every call is over when this resolves, also those whose caller gave up. */
export async function runLane(store: TaskStore, { lane, width, calls, heads }: LaneInput): Promise<MadeCall[]> {
  const made: MadeCall[] = [];
  const writes: (() => Promise<unknown>)[] = [];
  const left: Promise<PromiseSettledResult<unknown>[]>[] = [];
  const first = new Map(heads.map((head) => [head.taskId, head]));
  const newest = new Map(first);

  const send = async (method: LaneMethod, input: never, fate: Fate): Promise<void> => {
    const fromNs = process.hrtime.bigint();
    const answer = await store[method](input).catch((error: unknown) => {
      assert.fail(`${lane}: ${method} was rejected: ${String(error)}\n${JSON.stringify(input)}`);
    });
    const call = { lane, method, input, answer, fate, fromNs, toNs: process.hrtime.bigint() } as MadeCall;
    made.push(call);
    if (fate !== 'told') return;
    for (const head of headsIn(call)) {
      if ((newest.get(head.taskId)?.version ?? 0) <= head.version) newest.set(head.taskId, head);
    }
  };
  const sendAll = async (method: LaneMethod, input: unknown, fates: readonly Fate[]): Promise<void> => {
    writes.push(() => send(method, input as never, 'told'));
    for (const fate of fates) {
      const call = send(method, input as never, fate);
      if (fate === 'left') left.push(Promise.allSettled([call]));
      else await call;
    }
  };
  const make = async (call: PlannedCall): Promise<void> => {
    if (call.method === 'again') {
      const write = writes[call.place % Math.max(1, writes.length)];
      await write?.();
    } else if (call.method === 'update') {
      const seen = (call.base === 'first' ? first : newest).get(call.input.taskId);
      if (seen === undefined) return;
      const expected = { version: seen.version, writeId: call.base === 'forged' ? 'forged' : seen.writeId };
      await sendAll('update', { ...call.input, patch: patchFor(seen, call.input.patch), expected }, call.fates);
    } else if (call.method === 'renew') {
      const seen = call.taskIds.map((taskId) => newest.get(taskId)).filter((head) => head !== undefined);
      const leases = seen.map(({ taskId, attempt, holder = 'process-1' }) => ({ taskId, attempt, holder }));
      await sendAll('renew', { ...call.input, leases }, call.fates);
    } else if ('fates' in call) {
      await sendAll(call.method, call.input, call.fates);
    } else {
      await send(call.method, call.input as never, 'told');
    }
  };

  const queue = calls[Symbol.iterator]();
  const work = async (): Promise<void> => {
    for (const call of queue) {
      await nextTurn();
      await make(call);
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: width }, work));
  const late = (await Promise.all(left)).flat();
  for (const end of [...ends, ...late]) if (end.status === 'rejected') throw end.reason;
  return made;
}

/** An ended task stays as it is, but for a message and entries: what changes its state is no business of stores. */
function patchFor(seen: TaskHead, patch: UpdateTask['patch']): UpdateTask['patch'] {
  if (!isTerminalStatus(seen.status)) return patch;
  const { statusMessage = null, joinState, expiresAtMs } = patch.head;
  const head = {
    statusMessage,
    ...(joinState !== undefined && { joinState }),
    ...(expiresAtMs !== undefined && { expiresAtMs }),
  };
  return { ...patch, head };
}

/** Find the heads in an answer; not those of removed tasks. */
export function headsIn(call: MadeCall): readonly TaskHead[] {
  switch (call.method) {
    case 'create':
    case 'update':
      return 'head' in call.answer ? [call.answer.head] : [];
    case 'get':
      return call.answer.map(({ head }) => head);
    case 'claim':
      return call.answer.records.map(({ head }) => head);
    case 'findJoinable':
      return call.answer === undefined ? [] : [call.answer];
    case 'list':
      return call.answer.heads;
    case 'due':
    case 'renew':
      return call.answer;
    case 'deleteExpired':
      return [];
  }
}
