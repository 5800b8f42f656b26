import { createTasks, inProcessExecutor, type Tasks } from '@mcp-tasks/runner';
import { TaskError, type TaskHead, type TaskStore } from '@mcp-tasks/store';
import { describe, expect, it, type TestContext } from 'vitest';
import { z } from 'zod';
import { cutProcesses, LEASE_MS } from './support/cut-processes.ts';
import type { StoreCall } from './support/cut-store.ts';
import { SERVERS } from './support/databases.ts';
import { untilEnded } from './support/due-tasks.ts';
import type { CutMoment } from './support/proxy.ts';
import { storeAt } from './support/stores.ts';
import { until } from './support/until.ts';

const ACCEPTED = { action: 'accept' as const, content: { yes: true } };

const puts = (call: StoreCall, kind: string) =>
  call.method === 'update' && call.input.patch.put?.some((entry) => entry.kind === kind) === true;
const changesTo = (call: StoreCall, status: TaskHead['status']) =>
  call.method === 'update' && call.input.patch.head.status === status;

/** Every call of a task's life, each of which is cut in a life of its own. */
const CALLS: Readonly<Record<string, (call: StoreCall) => boolean>> = {
  create: ({ method }) => method === 'create',
  claim: ({ method }) => method === 'claim',
  'store a step': (call) => puts(call, 'checkpoint'),
  'store a variable': (call) => puts(call, 'variable'),
  ask: (call) => puts(call, 'question'),
  renew: (call) => call.method === 'renew' && call.input.leases.length > 0,
  complete: (call) => changesTo(call, 'completed'),
  get: (call) => call.method === 'get' && call.input.owner !== undefined,
  answer: (call) => puts(call, 'answer'),
  cancel: (call) => changesTo(call, 'cancelled'),
};
const READS = ['get', 'renew'];

/** Register the tools of one life, whose names no other life has, and note what their handlers do. */
function registerLife(layers: readonly Tasks[], life: string) {
  const did: string[] = [];
  for (const tasks of layers) {
    // May not run again: a run that is lost would fail its task.
    tasks.tool(`job ${life}`, { onCrash: 'fail' }, async (_args, task) => {
      const one = await task.step('one', () => did.push('one'));
      await task.set('variable', one);
      await task.elicit('question', { message: 'Go on?', schema: z.object({ yes: z.boolean() }) });
      await task.step('two', () => did.push('two'));
      return { content: [{ type: 'text', text: `run ${task.attempt}` }] };
    });
    tasks.tool(`idle ${life}`, { onCrash: 'fail' }, async (_args, task) => {
      did.push('idle');
      await new Promise((resolve) => {
        task.signal.addEventListener('abort', resolve);
      });
      did.push('stopped');
      return { content: [] };
    });
  }
  return did;
}

async function headOf(look: TaskStore, taskId: string): Promise<TaskHead | undefined> {
  const [record] = await look.get({ taskIds: [taskId], kinds: [], nowMs: Date.now() });
  return record?.head;
}

const isAsked = (look: TaskStore, taskId: string) => async () =>
  ((await headOf(look, taskId))?.openQuestions.length ?? 0) > 0;

/** Live two lives, of a task that completes and of one that is cancelled, during which one call is cut. */
async function live(context: TestContext, url: string, plan: { readonly name: string; readonly moment: CutMoment }) {
  const isCut = CALLS[plan.name] ?? (() => false);
  const { look, seen, errors, serving, working } = await cutProcesses(context, url, { moment: plan.moment, isCut });
  const did = registerLife([serving, working], plan.name);
  const owner = `owner of ${plan.name}`;
  const job = await serving.startTask({ tool: `job ${plan.name}`, owner, arguments: {} });
  await working.start();
  await until('the question is open', isAsked(look, job.taskId));
  await until('a heartbeat has passed', () => seen.renewals > 0);
  await serving.for(owner).get(job.taskId);
  await serving.for(owner).answer(job.taskId, { question: ACCEPTED });
  const [end] = await untilEnded(look, [job.taskId]);
  const [record] = await look.get({ taskIds: [job.taskId], kinds: ['result'], nowMs: Date.now() });
  const idle = await serving.startTask({ tool: `idle ${plan.name}`, owner, arguments: {} });
  await until('the idle task runs', () => did.includes('idle'));
  await serving.for(owner).cancel(idle.taskId);
  await until('the idle run has heard of its end', () => did.includes('stopped'));
  return {
    status: end?.status,
    attempt: end?.attempt,
    crashCount: end?.crashCount,
    result: record?.entries.find(({ kind }) => kind === 'result')?.value.includes('run 1'),
    cancelled: (await headOf(look, idle.taskId))?.status,
    did,
    cuts: seen.cuts,
    hasReached: seen.hasReached,
    otherErrors: errors.filter((error) => !TaskError.is(error, 'STORE_UNAVAILABLE')),
  };
}

const MOMENTS: readonly CutMoment[] = ['before', 'after'];

describe.concurrent.each(SERVERS)('every call of a task, on $name', ({ missing, create }) => {
  // Where the database is not to be had, which the title says, and CI=true makes a failure.
  it.skipIf(missing !== undefined).concurrent.for(MOMENTS)(
    `[LIFE-03] may be cut %s it reaches the store: that costs time, and a task that may not run again runs once${missing === undefined ? '' : `: ${missing}`}`,
    async (moment, context) => {
      const database = await create();
      context.onTestFinished(() => database.remove());
      const lives = await Promise.all(
        Object.keys(CALLS).map(async (name) => [name, await live(context, database.url, { name, moment })]),
      );
      const expected = {
        status: 'completed',
        attempt: 1,
        crashCount: 0,
        result: true,
        cancelled: 'cancelled',
        did: ['one', 'two', 'idle', 'stopped'],
        cuts: 1,
        otherErrors: [],
      };
      expect(Object.fromEntries(lives)).toEqual(
        Object.fromEntries(
          Object.keys(CALLS).map((name) => [
            name,
            { ...expected, hasReached: READS.includes(name) ? undefined : moment === 'after' },
          ]),
        ),
      );
    },
  );

  const CLIENT_CALLS = ['create', 'answer', 'cancel'] as const;

  it.skipIf(missing !== undefined).concurrent.for(CLIENT_CALLS.flatMap((call) => MOMENTS.map((at) => ({ call, at }))))(
    `[LIFE-03] of a client fails as retryable when the store stays away, and may be repeated: $call, cut $at it reaches the store${missing === undefined ? '' : `: ${missing}`}`,
    async ({ call: name, at: moment }, context) => {
      const database = await create();
      context.onTestFinished(() => database.remove());
      const isCut = CALLS[name] ?? (() => false);
      const away = { moment, isCut, onCut: () => undefined };
      const { proxy, look, seen, serving } = await cutProcesses(context, database.url, away);
      // Runs are those of a process with a connection of its own.
      const store = storeAt(database.url);
      const working = createTasks({ store, executor: inProcessExecutor({ concurrency: 1 }), leaseMs: LEASE_MS });
      const did = registerLife([serving, working], name);
      await working.start();
      context.onTestFinished(async () => {
        await working.close({ drainMs: 0 });
        await store.close();
      });

      const owner = 'owner';
      const start = () => serving.startTask({ tool: `job ${name}`, owner, arguments: {}, idempotencyKey: 'key' });
      const calls = {
        create: start,
        answer: () => serving.for(owner).answer(taskId, { question: ACCEPTED }),
        cancel: () => serving.for(owner).cancel(taskId),
      };
      let taskId = '';
      if (name !== 'create') {
        ({ taskId } = await start());
        await until('the question is open', isAsked(look, taskId));
      }
      await expect(calls[name]()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
      expect(seen).toMatchObject({ cuts: 1, hasReached: moment === 'after' });
      proxy.mend();
      const again = await calls[name]().catch((error: unknown) => error);
      // A task that is cancelled already cannot be cancelled again, which tells that it is.
      if (TaskError.is(again)) expect([name, moment, again.code]).toEqual(['cancel', 'after', 'TASK_ALREADY_TERMINAL']);
      if (name === 'create') ({ taskId } = again as TaskHead);
      await until('the question is open, or was', async () => did.length > 0 && (await isSettledOrAsked(look, taskId)));
      if (name === 'create') await serving.for(owner).answer(taskId, { question: ACCEPTED });
      const [end] = await untilEnded(look, [taskId]);
      expect(end).toMatchObject({ status: name === 'cancel' ? 'cancelled' : 'completed', attempt: 1, crashCount: 0 });
      expect(did).toEqual(name === 'cancel' ? ['one'] : ['one', 'two']);
      const { heads } = await look.list({ owner, limit: 10, nowMs: Date.now() });
      expect(heads.map((head) => head.taskId)).toEqual([taskId]);
    },
  );
});

async function isSettledOrAsked(look: TaskStore, taskId: string): Promise<boolean> {
  const head = await headOf(look, taskId);
  return head !== undefined && (head.openQuestions.length > 0 || head.status !== 'working');
}
