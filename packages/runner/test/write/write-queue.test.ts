import { applyHeadPatch, type TaskHead, type TaskPatch } from '@mcp-tasks/store';
import { type Rule, type RuleOutcome, rules } from '@mcp-tasks/store/rules';
import { describe, expect, it } from 'vitest';
import { RunEnd } from '../../src/handler/run-end.ts';
import { fakeClock } from '../../src/testing.ts';
import { type QueueWriter, WriteQueue } from '../../src/write/write-queue.ts';

const lease = { taskId: 'task', attempt: 1, holder: 'me' };

/** A queue on a store that keeps the patches, and holds each write until it is let go. */
function queue() {
  const clock = fakeClock();
  const nowMs = clock.nowMs();
  let head: TaskHead = {
    taskId: 'task',
    owner: 'alice',
    version: 1,
    writeId: 'first',
    status: 'working',
    createdAtMs: nowMs,
    lastUpdatedAtMs: nowMs,
    ttlMs: 3_600_000,
    expiresAtMs: nowMs + 3_600_000,
    pollIntervalMs: 1_000,
    handler: 'tool',
    queue: '',
    callDigest: '',
    attempt: 1,
    crashCount: 0,
    holder: 'me',
    dueAtMs: nowMs + 20_000,
    openQuestions: [],
    entryBytes: 0,
  };
  const patches: TaskPatch[] = [];
  const held: (() => void)[] = [];
  let isHolding = false;
  const write = async <Value>(known: TaskHead, rule: Rule<Value>): Promise<RuleOutcome<Value>> => {
    const verdict = rule(known, clock.nowMs());
    if (verdict.kind === 'refused') throw verdict.error;
    if (verdict.kind === 'done') return { head: known, before: known, value: verdict.value, wrote: false };
    patches.push(verdict.patch);
    if (isHolding) await new Promise<void>((resolve) => held.push(resolve));
    head = applyHeadPatch(known, verdict.patch.head, { writeId: `write ${patches.length}` });
    return { head, before: known, value: verdict.value, wrote: true };
  };
  const foreign: number[] = [];
  const writer: QueueWriter = {
    lease,
    clock,
    write,
    announce: () => undefined,
    noteForeign: (known) => foreign.push(known.version),
    readToDecide: () => Promise.reject(new Error('no rule about a record here')),
  };
  return {
    clock,
    patches,
    foreign,
    hold: () => (isHolding = true),
    letGo: () => {
      isHolding = false;
      for (const resolve of held.splice(0)) resolve();
    },
    queue: new WriteQueue(head, writer, () => undefined),
  };
}

function variable(name: string, value: unknown) {
  return { kind: 'variable' as const, name, value: JSON.stringify(value) };
}

const over = new RunEnd({ taskId: 'task', attempt: 1, reason: 'cancelled' });

describe('the write queue of a run', () => {
  it('[HNDL-06] merges effects that arrive while a write is under way: a hundred cost two writes', async () => {
    const { queue: writes, patches } = queue();
    await Promise.all(Array.from({ length: 100 }, (_, n) => writes.record({ put: [variable(`v${n}`, n)] })));
    expect(patches).toHaveLength(2);
    expect(patches.flatMap(({ put = [] }) => put)).toHaveLength(100);
  });

  it('resolves an effect only when the write that carries it is acknowledged', async () => {
    const { queue: writes, patches, hold, letGo, clock } = queue();
    hold();
    const settled: string[] = [];
    const first = writes.record({ put: [variable('a', 1)] }).then(() => settled.push('first'));
    const second = writes.record({ put: [variable('b', 2)] }).then(() => settled.push('second'));
    await clock.advance(0);
    expect(settled).toEqual([]);
    expect(patches).toHaveLength(1);
    letGo();
    await Promise.all([first, second]);
    expect(settled).toEqual(['first', 'second']);
    expect(patches).toHaveLength(2);
  });

  it('keeps the latest of several effects on one entry, also of a deletion', async () => {
    const { queue: writes, patches, hold, letGo } = queue();
    hold();
    const all = [
      writes.record({ put: [variable('blocks', 0)] }),
      writes.record({ put: [variable('a', 1)] }),
      writes.record({ put: [variable('a', 2)] }),
      writes.record({ put: [variable('b', 1)] }),
      writes.record({ delete: [{ kind: 'variable', name: 'b' }] }),
      writes.record({ delete: [{ kind: 'variable', name: 'c' }] }),
      writes.record({ put: [variable('c', 3)] }),
    ];
    letGo();
    await Promise.all(all);
    expect(patches[1]).toMatchObject({
      put: [variable('a', 2), variable('c', 3)],
      delete: [{ kind: 'variable', name: 'b' }],
    });
  });

  it('writes reports at most once in 250 ms, the latest ones', async () => {
    const { queue: writes, patches, clock } = queue();
    for (let done = 1; done <= 10; done++) writes.report({ progress: { done } });
    writes.report({ statusMessage: 'ten' });
    await clock.advance(0);
    expect(patches.map(({ head }) => head.progress?.done)).toEqual([1]);
    await clock.advance(249);
    expect(patches).toHaveLength(1);
    await clock.advance(1);
    expect(patches.map(({ head }) => [head.progress?.done, head.statusMessage])).toEqual([
      [1, undefined],
      [10, 'ten'],
    ]);
    expect(clock.timers).toBe(0);
  });

  it('lets reports ride with other effects, without a write of their own', async () => {
    const { queue: writes, patches, clock } = queue();
    writes.report({ progress: { done: 1 } });
    await clock.advance(0);
    writes.report({ progress: { done: 2 } });
    await writes.record({ put: [variable('a', 1)] });
    expect(patches).toHaveLength(2);
    expect(patches[1]?.head.progress).toEqual({ done: 2 });
    await clock.advance(1_000);
    expect(patches).toHaveLength(2);
    expect(clock.timers).toBe(0);
  });

  it('writes what is queued before the last write, and nothing after it', async () => {
    const { queue: writes, patches, clock } = queue();
    writes.report({ progress: { done: 1 } });
    writes.report({ progress: { done: 2 } });
    const effect = writes.record({ put: [variable('a', 1)] });
    const last = writes.finish(rules.release(lease), over);
    const late = writes.record({ put: [variable('late', 1)] });
    writes.report({ progress: { done: 3 } });
    await Promise.all([effect, last]);
    await expect(late).rejects.toBe(over.error);
    await clock.advance(1_000);
    expect(patches.map(({ head }) => head.progress?.done)).toEqual([1, 2, undefined]);
    expect(patches.at(-1)?.head).toMatchObject({ holder: null });
    expect(patches.flatMap(({ put = [] }) => put)).toEqual([variable('a', 1)]);
  });

  it('rejects at once what waits when the run ends, also behind a write that never comes back', async () => {
    const { queue: writes, patches, hold } = queue();
    hold();
    const sent = writes.record({ put: [variable('a', 1)] });
    const waiting = writes.record({ put: [variable('b', 1)] });
    const rule = writes.apply(rules.release(lease));
    writes.end(over);
    for (const effect of [sent, waiting, rule, writes.record({ put: [variable('c', 1)] })]) {
      await expect(effect).rejects.toBe(over.error);
    }
    expect(patches).toHaveLength(1);
  });

  it('tells of a foreign head only when no write of its own is under way', async () => {
    const { queue: writes, hold, letGo, clock, foreign } = queue();
    const see = (version: number) => {
      const head = { ...writes.head, version };
      writes.seen(head);
    };
    see(1);
    expect(foreign).toEqual([]);
    hold();
    const effect = writes.record({ put: [variable('a', 1)] });
    // The echo of the write that is under way.
    see(2);
    letGo();
    await effect;
    await clock.advance(0);
    expect(foreign).toEqual([]);
    see(3);
    expect(foreign).toEqual([2]);
    expect(writes.head.version).toBe(3);
  });
});
