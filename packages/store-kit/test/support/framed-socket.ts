import type { Socket } from 'node:net';
import { deserialize, serialize } from 'node:v8';

const LENGTH_BYTES = 4;

/** Messages over a socket, each with its length in front. */
export interface FramedSocket {
  send(message: unknown): void;
  /** Bytes sent and received. */
  readonly bytes: number;
  end(): void;
}

export function framed(socket: Socket, onMessage: (message: unknown) => void): FramedSocket {
  let pending = Buffer.alloc(0);
  socket.setNoDelay(true);
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + pending.readUInt32BE(0);
      if (pending.length < end) return;
      const body = pending.subarray(LENGTH_BYTES, end);
      pending = pending.subarray(end);
      onMessage(deserialize(body));
    }
  });
  return {
    send(message) {
      const body = serialize(message);
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt32BE(body.length);
      socket.write(Buffer.concat([length, body]));
    },
    get bytes() {
      return socket.bytesRead + socket.bytesWritten;
    },
    end: () => socket.end(),
  };
}
