import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { frameSink } from '../../src/listen/frame-sink.ts';
import { frameData, readSseFrames, toFrame } from '../../src/listen/sse-frames.ts';

/** The frames of a body that arrives in these pieces. */
async function framesOf(pieces: readonly Uint8Array[]): Promise<string[]> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
  const frames: string[] = [];
  for await (const frame of readSseFrames(body.getReader())) frames.push(frame);
  return frames;
}

/** Cut bytes at these places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((one, other) => one - other);
  return [...ends, bytes.length].map((end, index) => bytes.slice(ends[index - 1] ?? 0, end));
}

const encode = (text: string) => new TextEncoder().encode(text);

describe('an SSE body', () => {
  it('gives the same events wherever its bytes are cut, with any line end', async () => {
    const messages = fc.array(fc.record({ text: fc.string({ unit: 'binary' }), n: fc.integer() }), { maxLength: 5 });
    const lineEnds = fc.constantFrom('\n', '\r\n', '\r');
    await fc.assert(
      fc.asyncProperty(messages, lineEnds, fc.array(fc.nat(), { maxLength: 12 }), async (sent, lineEnd, places) => {
        const body = sent.map((message) => `${toFrame(message)}\n\n: comment\n\n`).join('');
        const frames = await framesOf(cut(encode(body.replaceAll('\n', lineEnd)), places));
        const data = frames.map(frameData);
        expect(data).toEqual(sent.flatMap((message) => [message, undefined]));
      }),
    );
  });

  it('joins the data lines of one event, and drops an event that its end cuts off', async () => {
    const frames = await framesOf([encode('data: {"a":\ndata:1}\n\ndata: {"b"')]);
    expect(frames.map(frameData)).toEqual([{ a: 1 }]);
  });

  it('looks at no part of an event twice, however many chunks it comes in', async () => {
    const split = vi.spyOn(String.prototype, 'split');
    const text = 'x'.repeat(64 * 1024);
    const [frame] = await framesOf(
      cut(
        encode(`data: ${text}\n\n`),
        Array.from({ length: 1_024 }, (_, n) => 64 * n),
      ),
    );
    const looked = (split.mock.contexts as string[]).reduce((sum, each) => sum + each.length, 0);
    split.mockRestore();
    expect(frame).toBe(`data: ${text}`);
    expect(looked).toBeLessThan(2 * text.length);
  });
});

describe('a frame sink', () => {
  it('lets its writers wait while the reader does not read, and gives every frame whole and in order', async () => {
    const sink = frameSink(() => undefined);
    let written = 0;
    const writing = (async () => {
      for (let number = 1; number <= 5; number += 1) {
        await sink.write(`data: ${number}`);
        written = number;
      }
      sink.close();
    })();
    await new Promise((resolve) => setImmediate(resolve));
    expect(written).toBe(0);
    expect(await new Response(sink.readable).text()).toBe('data: 1\n\ndata: 2\n\ndata: 3\n\ndata: 4\n\ndata: 5\n\n');
    await writing;
  });

  it('tells once when the reader leaves, lets the writers go, and takes no more', async () => {
    let left = 0;
    const sink = frameSink(() => {
      left += 1;
      sink.close();
    });
    const blocked = sink.write('data: 1');
    await sink.readable.cancel();
    await blocked;
    await sink.write('data: 2');
    expect([left, sink.close()]).toEqual([1, false]);
  });

  it('sends an offered frame only to a reader that waits', async () => {
    const sink = frameSink(() => undefined);
    sink.offer(': first');
    sink.offer(': second');
    sink.close();
    expect(await new Response(sink.readable).text()).toBe(': first\n\n');
  });
});
