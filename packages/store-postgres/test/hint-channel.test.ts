import { EventEmitter } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TaskHint } from '@mcp-tasks/store';
import { countingProxy } from '@mcp-tasks/store-kit/fakes';
import { checkpoint, stored, until } from '@mcp-tasks/store-testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { HintChannel, type NotificationClient } from '../src/hint-channel.ts';
import {
  address,
  describeWithServer,
  openStore,
  POSTGRES_URL,
  query,
  temporarySchema,
  through,
} from './support/postgres.ts';

/** A client that never reaches a server of its own: what it was asked for, and whether it may connect. */
class ScriptedClient extends EventEmitter implements NotificationClient {
  readonly sent: string[][] = [];
  connects = 0;
  canConnect = true;
  constructor() {
    super();
    this.setMaxListeners(0); // one plays all the clients of a channel
  }
  readonly connect = async () => {
    this.connects += 1;
    if (!this.canConnect) throw new TypeError('no server');
  };
  readonly query = async ({ values }: { readonly values?: unknown[] }) => {
    if (values) this.sent.push(values[1] as string[]);
    await nextTurn();
  };
  readonly end = async () => {
    this.emit('end');
  };
}

const hint = (taskId: string, version = 1): TaskHint => ({ taskId, version, status: 'working' });

function channelOf(client: ScriptedClient): HintChannel {
  const channel = new HintChannel({ channel: 'hints', client: () => client });
  onTestFinished(() => channel.close());
  return channel;
}

describe('hints', () => {
  it('of one moment go together, the latest of each task, and those of meanwhile go next', async () => {
    const client = new ScriptedClient();
    const channel = channelOf(client);
    for (let version = 1; version <= 50; version += 1) for (const id of ['a', 'b']) channel.send(hint(id, version));
    await until('the first statement', () => client.sent.length === 1);
    for (let version = 51; version <= 60; version += 1) channel.send(hint('a', version));
    await channel.close();
    const versions = client.sent.map((payloads) =>
      payloads.map((payload) => (JSON.parse(payload) as TaskHint).version),
    );
    expect(versions).toEqual([[50, 50], [60]]);
    expect(client.connects).toBe(1);
  });

  it('are told to this process at once, also while there is no connection', async () => {
    const client = new ScriptedClient();
    const channel = channelOf(client);
    const seen: string[] = [];
    const stop = await channel.watch(({ taskId }) => seen.push(taskId));
    client.emit('error');
    channel.send(hint('a'));
    expect(seen).toEqual(['a']);
    await stop();
    channel.send(hint('b'));
    expect(seen).toEqual(['a']);
  });

  it('that cannot be sent make no storm of connections: pauses grow, and writes do not shorten them', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const client = new ScriptedClient();
    const channel = channelOf(client);
    await channel.watch(() => undefined);
    client.canConnect = false;
    client.emit('error');
    const attempts: number[] = [];
    for (let second = 0; second < 30; second += 1) {
      for (let write = 0; write < 20; write += 1) {
        channel.send(hint(`task ${write}`));
        await vi.advanceTimersByTimeAsync(50);
      }
      attempts.push(client.connects);
    }
    // At most one in 5 s once the pauses have grown; still trying after 30 s.
    expect(client.connects).toBeLessThan(16);
    expect((attempts[29] ?? 0) - (attempts[9] ?? 0)).toBeGreaterThanOrEqual(3);
    client.canConnect = true;
    await vi.advanceTimersByTimeAsync(5_000);
    channel.send(hint('later'));
    await nextTurn();
    await nextTurn();
    expect(client.sent.flat().map((payload) => (JSON.parse(payload) as TaskHint).taskId)).toContain('later');
  });

  it('of a channel that was never reached leave no timer that connects when nobody watches', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const client = new ScriptedClient();
    client.canConnect = false;
    const channel = channelOf(client);
    await expect(channel.watch(() => undefined)).rejects.toThrow('no server');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(client.connects).toBe(1);
  });
});

describeWithServer('the channel of a store', () => {
  it('[DURA-05] is opened again when its connection breaks, and what others NOTIFY on it does no harm', async () => {
    const schema = temporarySchema();
    const proxy = await countingProxy(address());
    onTestFinished(() => proxy.close());
    const watching = await openStore({ hints: through(proxy.port), schema });
    const writing = await openStore({ hints: POSTGRES_URL, schema });
    const seen = new Set<number>();
    await watching.watch?.(({ version }) => seen.add(version));
    const head = await stored(writing);
    await until('a hint', () => seen.has(1));
    proxy.breakConnections();
    for (const payload of [
      '',
      '{',
      '[]',
      'null',
      '{"taskId":1}',
      '{"taskId":"a","version":9,"status":"working","due":1}',
    ]) {
      await query('SELECT pg_notify($1, $2)', [`${schema}_hints`, payload]);
    }
    let present = head;
    await until('a hint on the new connection', async () => {
      const outcome = await writing.update(checkpoint(present, 'a'));
      if (outcome.status === 'updated') present = outcome.head;
      return [...seen].some((told) => told > 1);
    });
    expect(seen).not.toContain(9);
    expect(proxy.connections()).toBeGreaterThanOrEqual(2);
  });

  it('that cannot be reached is told to who watches, and keeps nobody from working', async () => {
    const store = await openStore({ hints: 'postgres://127.0.0.1:1/postgres' });
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await expect(store.watch?.(() => undefined)).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        retryable: true,
      });
    }
    const head = await stored(store);
    expect(await store.update(checkpoint(head, 'a'))).toMatchObject({ status: 'updated' });
  });

  it('is not there when hints are turned off', async () => {
    const store = await openStore({ hints: false });
    expect(store).toHaveProperty('watch', undefined);
    await stored(store);
  });
});
