import { PORT_VERSION, type TaskHead, type TaskStore } from '@mcp-tasks/store';
import type { CutMoment, Proxy } from './proxy.ts';

type Method = 'create' | 'get' | 'update' | 'findJoinable' | 'list' | 'due' | 'claim' | 'renew' | 'deleteExpired';
/** Time for which the store is away after a cut: less than a client's call waits, and less than a lease. */
const OUTAGE_MS = 500;

type Inputs = { readonly [Name in Method]: Parameters<TaskStore[Name]>[0] };

/** One call of a store. */
export type StoreCall = {
  readonly [Name in Method]: { readonly method: Name; readonly input: Inputs[Name] };
}[Method];

/** How the store is cut off from its server. */
export interface CutPlan {
  readonly proxy: Proxy;
  readonly moment: CutMoment;
  /** Tell the call that is cut; only the first one is. */
  readonly isCut: (call: StoreCall) => boolean;
  /** Called when the call is cut and the server is away. Default: the server comes back after half a second. */
  readonly onCut?: (() => Promise<void> | void) | undefined;
  /** A connection to the store that does not lead through the proxy. */
  readonly look: TaskStore;
}

/** A store of which one call is cut, and what is known of it. */
export interface CutStore {
  readonly store: TaskStore;
  readonly seen: {
    cuts: number;
    renewals: number;
    /** Whether the write that was cut is in the store; undefined = the call was none. */
    hasReached?: boolean;
  };
}

/** Make the calls of a store one after the other, and cut one of them. */
export function cutStore(inner: TaskStore, plan: CutPlan): CutStore {
  const seen: CutStore['seen'] = { cuts: 0, renewals: 0 };
  const { proxy, look } = plan;
  let createdId = '';
  let turn: Promise<unknown> = Promise.resolve();
  let opening: Promise<void> | undefined;

  const inTurn = <Answer>(work: () => Promise<Answer>): Promise<Answer> => {
    const done = turn.then(work);
    turn = done.catch(() => undefined);
    return done;
  };
  const cut = async (call: StoreCall): Promise<void> => {
    seen.cuts += 1;
    const write = writeOf(call, createdId);
    const hasReached = async () => {
      if (write === undefined) return true;
      const [record] = await look.get({ taskIds: [write.taskId], kinds: [], nowMs: Date.now() });
      return record?.head.writeId === write.writeId;
    };
    await proxy.cutNext(plan.moment, hasReached);
    if (write !== undefined) seen.hasReached = await hasReached();
    if (plan.onCut !== undefined) await plan.onCut();
    else
      setTimeout(() => {
        proxy.mend();
      }, OUTAGE_MS);
  };
  const wrap =
    <Name extends Method>(method: Name, send: (input: Inputs[Name]) => ReturnType<TaskStore[Name]>) =>
    (input: Inputs[Name]) =>
      inTurn(async () => {
        const call = { method, input } as unknown as StoreCall;
        if (call.method === 'create') createdId = call.input.head.taskId;
        if (call.method === 'renew' && call.input.leases.length > 0) seen.renewals += 1;
        if (seen.cuts > 0 || !plan.isCut(call)) return send(input);
        const cutting = cut(call);
        try {
          return await send(input);
        } finally {
          await cutting;
        }
      }) as ReturnType<TaskStore[Name]>;

  const store: TaskStore = {
    portVersion: PORT_VERSION,
    open: () => (opening ??= inner.open?.() ?? Promise.resolve()),
    create: wrap('create', (input) => inner.create(input)),
    get: wrap('get', (input) => inner.get(input)),
    update: wrap('update', (input) => inner.update(input)),
    findJoinable: wrap('findJoinable', (input) => inner.findJoinable(input)),
    list: wrap('list', (input) => inner.list(input)),
    due: wrap('due', (input) => inner.due(input)),
    claim: wrap('claim', (input) => inner.claim(input)),
    renew: wrap('renew', (input) => inner.renew(input)),
    deleteExpired: wrap('deleteExpired', (input) => inner.deleteExpired(input)),
    watch: async (listener) => (await inner.watch?.(listener)) ?? (async () => undefined),
    serverTimeMs: () => inTurn(async () => (await inner.serverTimeMs?.()) ?? Date.now()),
    close: () => inner.close(),
  };
  return { store, seen };
}

function writeOf(call: StoreCall, createdId: string): Pick<TaskHead, 'taskId' | 'writeId'> | undefined {
  if (call.method === 'create') return call.input.head;
  if (call.method === 'update') return call.input;
  return call.method === 'claim' ? { taskId: createdId, writeId: call.input.writeId } : undefined;
}
