import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { Outlet } from '../../src/transport/outlet.ts';

const KiB = 1024;
const note = (bytes = 0): JSONRPCMessage => ({ jsonrpc: '2.0', method: 'm', params: { text: 'x'.repeat(bytes) } });
const answer: JSONRPCMessage = { jsonrpc: '2.0', id: 1, result: { text: 'x'.repeat(2 * 1024 * KiB) } };
const never = new AbortController().signal;

/** An outlet, and in which order turns of these names began and were ended by their owners. */
function setUp() {
  let overflows = 0;
  const outlet = new Outlet({ onOverflow: () => (overflows += 1) });
  outlet.opened();
  const turns: string[] = [];
  const ends = new Map<string, () => void>();
  const ask = async (name: string, signal = never): Promise<void> => {
    const endTurn = await outlet.turn(signal);
    turns.push(endTurn === undefined ? `${name} gave up` : name);
    if (endTurn !== undefined) ends.set(name, endTurn);
  };
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return { outlet, turns, ask, end: (name: string) => ends.get(name)?.(), settled, overflows: () => overflows };
}

describe('a turn of a stream', () => {
  it('begins when all before is read and nobody else has it, in the order of asking', async () => {
    const { outlet, turns, ask, end, settled } = setUp();
    outlet.sent(note());
    outlet.sent(note());
    void ask('a');
    void ask('b');
    outlet.taken();
    await settled();
    expect(turns).toEqual([]);
    outlet.taken();
    await settled();
    expect(turns).toEqual(['a']);
    outlet.sent(note());
    end('a');
    await settled();
    expect(turns).toEqual(['a']);
    outlet.taken();
    await settled();
    expect(turns).toEqual(['a', 'b']);
    end('b');
    await ask('c');
    expect(turns).toEqual(['a', 'b', 'c']);
  });

  it('is given up when its signal aborts, and goes to the next', async () => {
    const { outlet, turns, ask, settled } = setUp();
    outlet.sent(note());
    const abort = new AbortController();
    void ask('a', abort.signal);
    void ask('b');
    abort.abort();
    outlet.taken();
    await settled();
    expect(turns).toEqual(['a gave up', 'b']);
    await ask('c', AbortSignal.abort());
    expect(turns).toEqual(['a gave up', 'b', 'c gave up']);
  });

  it('waits for nothing where no reader is seen: before the stream opens, where it never does, and after its end', async () => {
    const unseen = new Outlet();
    unseen.sent(note());
    expect(unseen.unread).toBe(0);
    expect(await unseen.turn(never)).toBeDefined();
    expect(await unseen.turn(never)).toBeDefined();
    unseen.opened();
    expect(unseen.unread).toBe(1);

    const { outlet, turns, ask, settled } = setUp();
    outlet.sent(note());
    void ask('a');
    void ask('b');
    outlet.closed();
    outlet.opened();
    await settled();
    expect(turns).toEqual(['a', 'b']);
    outlet.sent(note());
    await ask('c');
    expect(turns).toEqual(['a', 'b', 'c']);
  });
});

describe('what is sent without a turn', () => {
  it('ends the stream when more than 1 MiB waits beside the message that the reader is about to take', () => {
    const { outlet, overflows } = setUp();
    outlet.sent(note(4 * 1024 * KiB));
    for (let count = 0; count < 15; count += 1) outlet.sent(note(64 * KiB));
    expect(overflows()).toBe(0);
    outlet.sent(note(64 * KiB));
    expect(overflows()).toBe(1);
  });

  it('counts anew once all is read, and lets the answer of the request pass', () => {
    const { outlet, overflows } = setUp();
    for (let round = 0; round < 5; round += 1) {
      for (let count = 0; count < 10; count += 1) outlet.sent(note(64 * KiB));
      for (let count = 0; count < 10; count += 1) outlet.taken();
    }
    outlet.sent(note());
    outlet.sent(answer);
    expect(overflows()).toBe(0);
    expect(outlet.unread).toBe(2);
  });
});
