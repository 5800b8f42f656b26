import {
  InMemoryTransport,
  type JSONRPCMessage,
  type JSONRPCRequest,
  type JSONRPCResponse,
} from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { type Inbound, type ResponseSlot, tapTransport } from '../../src/transport/response-slots.ts';

function connect(request: (message: JSONRPCRequest) => Inbound<ResponseSlot>, early: JSONRPCMessage[] = []) {
  const [client, transport] = InMemoryTransport.createLinkedPair();
  for (const message of early) void client.send(message);
  const seen: JSONRPCMessage[] = [];
  const received: JSONRPCMessage[] = [];
  const closed: string[] = [];
  const answered: (string | number)[] = [];
  const slots = tapTransport<ResponseSlot>(transport, {
    request,
    response: ({ id }) => {
      const isOurs = String(id).startsWith('ours');
      if (isOurs) answered.push(id as string);
      return isOurs;
    },
    closed: () => closed.push('tap'),
  });
  transport.onmessage = (message) => seen.push(message);
  transport.onclose = () => closed.push('sdk');
  client.onmessage = (message) => received.push(message);
  return { client, transport, slots, seen, received, closed, answered };
}

const call = (id: string | number): JSONRPCRequest => ({ jsonrpc: '2.0', id, method: 'tools/call', params: {} });
const answer = (id: string | number): JSONRPCResponse => ({ jsonrpc: '2.0', id, result: {} });

describe('the slots of a connection', () => {
  it('rewrites the answer of the request that has a slot, and of no other', async () => {
    const rewritten: JSONRPCResponse = { jsonrpc: '2.0', id: 1, result: { rewritten: true } };
    const { client, transport, slots, received } = connect((forward) =>
      forward.id === 1 ? { forward, slot: { rewrite: () => rewritten } } : { forward },
    );
    await transport.start();
    await client.send(call(1));
    await client.send(call('1'));
    await transport.send(answer('1'));
    await transport.send(answer(1));
    await transport.send(answer(1));
    expect(received).toEqual([answer('1'), rewritten, answer(1)]);
    expect(slots.size).toBe(0);
  });

  it('holds up an answer that is rewritten later, and no other message', async () => {
    let go: (answer: JSONRPCResponse) => void = () => undefined;
    const rewritten = new Promise<JSONRPCResponse>((resolve) => (go = resolve));
    const answered: unknown[] = [];
    const { client, transport, received } = connect((forward) =>
      forward.id === 1
        ? { forward, slot: { rewrite: () => rewritten, answered: () => answered.push(received.at(-1)) } }
        : { forward },
    );
    await transport.start();
    await client.send(call(1));
    await client.send(call(2));
    const sent = transport.send(answer(1));
    await transport.send(answer(2));
    expect(received).toEqual([answer(2)]);
    go({ ...answer(1), result: { rewritten: true } });
    await sent;
    const late = { ...answer(1), result: { rewritten: true } };
    expect(received).toEqual([answer(2), late]);
    expect(answered).toEqual([late]);
  });

  it('sees messages that were sent before the connection began', async () => {
    const { transport, slots, seen } = connect((forward) => ({ forward, slot: {} }), [call(1)]);
    await transport.start();
    expect(seen).toEqual([call(1)]);
    expect([...slots.keys()]).toEqual([1]);
  });

  it('answers by itself what the SDK must not see', async () => {
    const refusal: JSONRPCResponse = { jsonrpc: '2.0', id: 1, error: { code: -32601, message: 'no' } };
    const { client, transport, seen, received } = connect(() => ({ answer: refusal }));
    await transport.start();
    await client.send(call(1));
    expect(seen).toEqual([]);
    expect(received).toEqual([refusal]);
  });

  it('hands the SDK the request that stands for the one that came', async () => {
    const { client, transport, seen } = connect((message) => ({ forward: { ...message, params: { other: true } } }));
    await transport.start();
    await client.send(call(1));
    expect(seen).toEqual([{ ...call(1), params: { other: true } }]);
  });

  it('forgets a request that is cancelled, since nobody answers it', async () => {
    const { client, transport, slots, seen } = connect((forward) => ({ forward, slot: {} }));
    await transport.start();
    await client.send(call(1));
    await client.send(call(2));
    await client.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } });
    await client.send({ jsonrpc: '2.0', method: 'notifications/cancelled' });
    expect([...slots.keys()]).toEqual([2]);
    expect(seen).toHaveLength(4);
  });

  it('forgets everything when the connection closes', async () => {
    const { client, transport, slots, closed } = connect((forward) => ({ forward, slot: {} }));
    await transport.start();
    await client.send(call(1));
    await client.close();
    expect(slots.size).toBe(0);
    expect(closed).toEqual(['tap', 'sdk']);
  });

  it('takes the responses that are meant for it', async () => {
    const { client, transport, seen, answered } = connect((forward) => ({ forward }));
    await transport.start();
    await client.send(answer('ours-1'));
    await client.send(answer('other'));
    expect(answered).toEqual(['ours-1']);
    expect(seen).toEqual([answer('other')]);
  });

  it('says when an answer is out', async () => {
    const order: string[] = [];
    const { client, transport } = connect((forward) => ({ forward, slot: { answered: () => order.push('answered') } }));
    client.onmessage = () => order.push('received');
    await transport.start();
    await client.send(call(1));
    await transport.send(answer(1));
    expect(order).toEqual(['received', 'answered']);
  });

  it('answers later what takes its time, in any order', async () => {
    const held = new Map<unknown, () => void>();
    const { client, transport, slots, seen, received } = connect(({ id }) => ({
      answering: new Promise((resolve) => {
        held.set(id, () => {
          resolve(answer(id));
        });
      }),
      slot: {},
    }));
    await transport.start();
    await client.send(call(1));
    await client.send(call(2));
    held.get(2)?.();
    held.get(1)?.();
    await expect.poll(() => received).toEqual([answer(2), answer(1)]);
    expect(seen).toEqual([]);
    expect(slots.size).toBe(0);
  });

  it('sends no answer to who gave the request up, and tells whoever works on it', async () => {
    const abandoned: number[] = [];
    let resolve: (response: JSONRPCResponse) => void = () => undefined;
    const { client, transport, received } = connect(({ id }) => ({
      answering: id === 1 ? new Promise((made) => (resolve = made)) : Promise.resolve(answer(id)),
      slot: { abandoned: () => abandoned.push(id as number) },
    }));
    await transport.start();
    await client.send(call(1));
    await client.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } });
    expect(abandoned).toEqual([1]);
    resolve(answer(1));
    await client.send(call(2));
    await expect.poll(() => received).toEqual([answer(2)]);
  });

  it('tells whoever works on an answer that the connection is closed', async () => {
    const abandoned: unknown[] = [];
    const { client, transport } = connect(({ id }) => ({
      answering: new Promise(() => undefined),
      slot: { abandoned: () => abandoned.push(id) },
    }));
    await transport.start();
    await client.send(call(1));
    await client.close();
    expect(abandoned).toEqual([1]);
  });
});
