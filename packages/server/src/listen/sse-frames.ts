/**
 * Read an SSE body event by event, with LF line ends and without the blank line that ends each.
 *
 * Bytes may be cut anywhere, also inside a character or a line end; an event that the end of the stream cuts off is
 * dropped, as the standard says.
 *
 * @see WHATWG HTML, "Parsing an event stream"
 */
export async function* readSseFrames(reader: ReadableStreamDefaultReader<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  // Of the event that is not over: its parts, and the line end that may be the first half of what ends it. No part is looked at
  // twice, however many chunks an event comes in.
  let parts: string[] = [];
  let lineEnd = '';
  let afterCarriageReturn = false;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    let chunk = decoder.decode(value, { stream: true });
    if (chunk === '') continue;
    if (afterCarriageReturn && chunk.startsWith('\n')) chunk = chunk.slice(1);
    afterCarriageReturn = chunk.endsWith('\r');
    const pieces = `${lineEnd}${chunk.replace(/\r\n?/g, '\n')}`.split('\n\n');
    const last = pieces.pop() ?? '';
    for (const piece of pieces) {
      yield [...parts, piece].join('');
      parts = [];
    }
    lineEnd = last.endsWith('\n') ? '\n' : '';
    parts.push(last.slice(0, last.length - lineEnd.length));
  }
}

/** The JSON that an event carries; undefined for comments and for events without data. */
export function frameData(frame: string): unknown {
  const lines = frame
    .split('\n')
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice('data:'.length).replace(/^ /, ''));
  return lines.length === 0 ? undefined : (JSON.parse(lines.join('\n')) as unknown);
}

/**
 * Write a JSON-RPC message as one SSE event. JSON text has no CR or LF; the other characters that some clients take for
 * line ends are escaped, so that nothing cuts the one `data` line.
 */
export function toFrame(message: unknown): string {
  const json = JSON.stringify(message).replace(/[\u0085\u2028\u2029]/g, escaped);
  return `event: message\ndata: ${json}`;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
