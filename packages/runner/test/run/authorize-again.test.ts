import { ProtocolFailure } from '@mcp-tasks/wire';
import { describe, expect, it } from 'vitest';
import type { AuthorizeRequest, TaskEvent } from '../../src/index.ts';
import { fakeClock, inspect } from '../../src/testing.ts';
import { ended, gate, layer, text } from '../support/layer.ts';

const EVERY_MS = 1_000;

/** A layer whose author may withdraw the right to run, with a tool that waits for its signal. */
function withdrawable(authorizeEveryMs?: number) {
  const clock = fakeClock();
  const events: TaskEvent[] = [];
  const asked: AuthorizeRequest['via'][] = [];
  const rights = { withdrawn: false };
  const { tasks, start } = layer({
    clock,
    authorizeEveryMs,
    onEvent: (event) => events.push(event),
    authorize: ({ via }) => {
      asked.push(via);
      if (rights.withdrawn) throw new ProtocolFailure(-32_000, 'no longer');
    },
  });
  const began = gate();
  const signals: AbortSignal[] = [];
  tasks.tool('wait', {}, async (_args, task) => {
    signals.push(task.signal);
    began.open();
    await new Promise((resolve) => {
      task.signal.addEventListener('abort', resolve);
    });
    return text('stopped');
  });
  return { clock, events, asked, rights, tasks, start, began, signals };
}

describe('[SEC-02] a handler that runs', () => {
  it('is cancelled with its task once the right of its caller was withdrawn', async () => {
    const { clock, events, asked, rights, tasks, start, began, signals } = withdrawable(EVERY_MS);
    const head = await start('wait');
    await began.opened;
    await clock.advance(EVERY_MS);
    await clock.advance(EVERY_MS);
    expect(asked).toEqual(['call', 'running', 'running']);
    expect(signals[0]?.aborted).toBe(false);
    rights.withdrawn = true;
    await clock.advance(EVERY_MS);
    expect((await ended(tasks, head)).head.status).toBe('cancelled');
    expect(signals[0]?.reason).toMatchObject({ code: 'RUN_ENDED', details: { reason: 'cancelled' } });
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['access-refused', 'status-changed', 'cancelled']),
    );
    await tasks.close();
    expect(inspect(tasks)).toEqual({ runs: 0, timers: 0, waiters: 0 });
    expect(asked).toHaveLength(4);
  });

  it('is answered with the refusal when it runs inside a request', async () => {
    const { clock, events, rights, tasks, began, signals } = withdrawable(EVERY_MS);
    const { signal } = new AbortController();
    const running = tasks.runInline({ tool: 'wait', owner: 'alice', arguments: {} }, { signal });
    const refused = expect(running).rejects.toMatchObject({ code: -32_000, message: 'no longer' });
    await began.opened;
    rights.withdrawn = true;
    await clock.advance(EVERY_MS);
    await refused;
    expect(signals[0]?.aborted).toBe(true);
    expect(events).toMatchObject([{ type: 'access-refused', tool: 'wait' }]);
    expect(events[0]).not.toHaveProperty('taskId');
    await tasks.close();
    expect(inspect(tasks)).toMatchObject({ timers: 0 });
  });

  it('is asked about once where the author did not choose otherwise', async () => {
    const { clock, asked, tasks, start, began } = withdrawable();
    const head = await start('wait');
    await began.opened;
    await clock.advance(10 * EVERY_MS);
    expect(asked).toEqual(['call']);
    await tasks.for('alice').cancel(head.taskId);
    await tasks.close();
  });
});

it.each([
  ['authorizeEveryMs', { authorizeEveryMs: 0 }, RangeError],
  ['authorizeAccess', { authorizeAccess: ['list'] as never }, TypeError],
])('createTasks refuses a wrong %s by name', (name, options, type) => {
  expect(() => layer(options)).toThrow(type);
  expect(() => layer(options)).toThrow(name);
});
