import type { Clock } from '@mcp-tasks/store';
import { describe, expect, it } from 'vitest';
import { LoopWatch } from '../../src/core/loop-watch.ts';
import { callTool } from '../../src/engine.ts';
import { inspect } from '../../src/testing.ts';
import { gate, layer, text } from '../support/layer.ts';

const LEASE_MS = 30_000;

/** A clock that a handler can let go on by itself, as if it had kept the event loop busy for so long. */
function blockingClock() {
  let nowMs = 1_000_000;
  const timers = new Set<() => void>();
  const clock: Clock = {
    nowMs: () => nowMs,
    after: (_delayMs, callback) => {
      timers.add(callback);
      return () => void timers.delete(callback);
    },
  };
  return {
    clock,
    timers,
    block: (ms: number) => void (nowMs += ms),
    /** Fire what is due by now, as the loop does when it turns. */
    turn: async (ms: number) => {
      nowMs += ms;
      for (const callback of [...timers]) {
        timers.delete(callback);
        callback();
      }
      await immediate();
    },
  };
}

const immediate = () => new Promise((resolve) => setImmediate(resolve));

function watched() {
  const errors: unknown[] = [];
  const made = blockingClock();
  const watch = new LoopWatch({ clock: made.clock, leaseMs: LEASE_MS, reportError: (error) => errors.push(error) });
  return { ...made, watch, errors };
}

const about = (blockedMs: number, ...tools: string[]) => ({
  code: 'EVENT_LOOP_BLOCKED',
  details: { blockedMs, limitMs: LEASE_MS / 3, tools },
});

describe('the watch of the event loop', () => {
  it('tells a block of more than a third of the lease, with the tools that ran', async () => {
    const { watch, errors, turn, block } = watched();
    watch.began('one');
    const endTwo = watch.began('two');
    await immediate();
    block(1_000);
    endTwo();
    await turn(10_001);
    await immediate();
    expect(errors).toMatchObject([about(11_001, 'one', 'two')]);
    expect(String(errors[0])).toContain('while these tools ran: "one", "two"');
  });

  it('tells nothing of shorter blocks, nor of a handler that waits for long', async () => {
    const { watch, errors, turn } = watched();
    const end = watch.began('waits');
    await immediate();
    for (let n = 0; n < 50; n++) await turn(10_000);
    end();
    await immediate();
    expect(errors).toEqual([]);
  });

  it('tells a block by a handler that begins and ends within one turn', async () => {
    const { watch, errors, block } = watched();
    const end = watch.began('short');
    block(10_001);
    end();
    await immediate();
    expect(errors).toMatchObject([about(10_001, 'short')]);
  });

  it('tells a block that several handlers make one after the other in one turn', async () => {
    const { watch, errors, block } = watched();
    for (const tool of ['one', 'two', 'three']) {
      const end = watch.began(tool);
      block(4_000);
      end();
    }
    await immediate();
    expect(errors).toMatchObject([about(12_000, 'one', 'two', 'three')]);
  });

  it('tells a block that goes on when the last handler of a turn has ended and another begins', async () => {
    const { watch, errors, block } = watched();
    const first = watch.began('first');
    await immediate();
    block(6_000);
    first();
    const second = watch.began('second');
    block(6_000);
    second();
    await immediate();
    expect(errors).toMatchObject([about(12_000, 'first', 'second')]);
  });

  it('tells at most once a minute', async () => {
    const { watch, errors, turn } = watched();
    watch.began('busy');
    await immediate();
    await turn(20_000);
    await turn(20_000);
    await turn(20_000);
    await immediate();
    expect(errors).toHaveLength(1);
    await turn(20_000);
    await immediate();
    expect(errors).toHaveLength(2);
  });

  it('has no timer while no handler runs, nor when it is closed', async () => {
    const { watch, timers } = watched();
    const end = watch.began('one');
    await immediate();
    expect(timers.size).toBe(1);
    end();
    expect(timers.size).toBe(0);
    await immediate();
    watch.began('never ends');
    await immediate();
    expect(timers.size).toBe(1);
    watch.close();
    expect(timers.size).toBe(0);
  });
});

describe('a handler that blocks the event loop', () => {
  it.each(['as a task', 'inline', 'inside another run'])('%s is told by its tool', async (way) => {
    const errors: unknown[] = [];
    const { clock, block } = blockingClock();
    const { tasks, start } = layer({ clock, leaseMs: LEASE_MS, onBackgroundError: (error) => errors.push(error) });
    const told = gate();
    const inner = tasks.tool('busy', {}, async () => {
      block(LEASE_MS);
      await told.opened;
      return text('done');
    });
    tasks.tool('outer', {}, async (_args, task) => {
      const workflow = { workflow: 'outer', taskId: task.id, step: 's', attempt: 1 };
      const call = { tool: inner, arguments: {}, prefix: 's/', timeoutMs: LEASE_MS * 10, mayPark: true, workflow };
      const outcome = await callTool(task, call);
      return outcome.kind === 'result' ? outcome.result : text(outcome.error.message);
    });
    const call = { tool: way === 'inside another run' ? 'outer' : 'busy', owner: 'alice', arguments: {} };
    const result =
      way === 'inline' ? tasks.runInline(call, { signal: new AbortController().signal }) : start(call.tool);
    await expect.poll(() => errors.length).toBe(1);
    const tools = way === 'inside another run' ? ['outer', 'busy'] : ['busy'];
    expect(errors).toMatchObject([about(LEASE_MS, ...tools)]);
    told.open();
    await result;
    await tasks.close({ drainMs: 0 });
    expect(inspect(tasks).timers).toBe(0);
  });
});
