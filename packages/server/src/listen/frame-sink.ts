/** The writing end of an SSE body. */
export interface FrameSink {
  readonly readable: ReadableStream<Uint8Array>;
  /** Send one event; resolves when the reader wants more. Does nothing once the stream is over. */
  write(frame: string): Promise<void>;
  /** Send one event only if the reader is waiting for one. */
  offer(frame: string): void;
  /** End the body after what was written. @returns false when it had ended before. */
  close(): boolean;
}

/** Make an SSE body that several writers fill, an event at a time. `onCancel` is called when the reader leaves. */
export function frameSink(onCancel: () => void): FrameSink {
  const encoder = new TextEncoder();
  const blocked: (() => void)[] = [];
  const resume = (): void => {
    for (const go of blocked.splice(0)) go();
  };
  let ended = false;
  let cancelled = false;
  let controller: ReadableStreamDefaultController<Uint8Array>;
  const readable = new ReadableStream<Uint8Array>({
    start(own) {
      controller = own;
    },
    pull: resume,
    cancel() {
      cancelled = true;
      onCancel();
    },
  });
  const isFull = (): boolean => (controller.desiredSize ?? 0) <= 0;
  const enqueue = (frame: string): void => {
    controller.enqueue(encoder.encode(`${frame}\n\n`));
  };
  return {
    readable,
    async write(frame) {
      if (ended) return;
      enqueue(frame);
      if (isFull()) await new Promise<void>((resolve) => blocked.push(resolve));
    },
    offer(frame) {
      if (!ended && !isFull()) enqueue(frame);
    },
    close() {
      if (ended) return false;
      ended = true;
      resume();
      if (!cancelled) controller.close();
      return true;
    },
  };
}
