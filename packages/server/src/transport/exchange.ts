import { AsyncLocalStorage } from 'node:async_hooks';
import type { ServerResponse } from 'node:http';
import { Outlet, type OutletListener } from './outlet.ts';

/** Of the exchange of Node.js in which code runs. Emptied at its end: what the request began may run for hours. */
const exchanges = new AsyncLocalStorage<{ outlet: Outlet | undefined }>();

/** The stream of the exchange of Node.js in which code runs. */
export function outletOfExchange(): Outlet | undefined {
  return exchanges.getStore()?.outlet;
}

type StreamListener = Pick<OutletListener, 'onOpen' | 'onClose'>;

/** One HTTP request and the stream that answers it. */
export interface Exchange {
  readonly outlet: Outlet;
  /** Hand the request over. */
  run(handle: () => Promise<unknown>): Promise<unknown>;
  /** The response, wrapped so that its reader is seen. */
  through(answer: unknown): unknown;
}

/** An exchange whose answer is a `Response`: its body is pulled through here, chunk by chunk. */
export function bodyExchange(listener: StreamListener): Exchange {
  let end = (): void => undefined;
  const outlet = new Outlet({
    ...listener,
    onOverflow: () => {
      end();
    },
  });
  return {
    outlet,
    run: (handle) => handle(),
    through(answer) {
      if (!(answer instanceof Response) || answer.body === null || !isEventStream(answer.headers.get('content-type'))) {
        return answer;
      }
      const { status, statusText, headers } = answer;
      const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
      outlet.opened();
      const body = new ReadableStream<Uint8Array>(
        {
          start(controller) {
            end = () => {
              outlet.closed();
              controller.error(new TypeError('The stream has ended: its client does not read.'));
              reader.cancel().catch(() => undefined);
            };
          },
          async pull(controller) {
            const { done, value } = await reader.read();
            if (done) {
              outlet.closed();
              controller.close();
              return;
            }
            controller.enqueue(value);
            if (isMessage(value)) outlet.taken();
          },
          cancel(reason) {
            outlet.closed();
            return reader.cancel(reason);
          },
        },
        { highWaterMark: 0 },
      );
      return new Response(body, { status, statusText, headers });
    },
  };
}

/**
 * An exchange of Node.js: the adapter writes the chunks of the body to the response, each when the one before has
 * drained.
 */
export function nodeExchange(response: ServerResponse, listener: StreamListener): Exchange {
  const outlet = new Outlet({ ...listener, onOverflow: () => response.destroy() });
  const exchange: { outlet: Outlet | undefined } = { outlet };
  const write = response.write.bind(response) as (chunk: unknown, ...more: unknown[]) => boolean;
  response.write = (chunk: unknown, ...more: unknown[]): boolean => {
    if (isEvent(chunk)) outlet.opened();
    const isDrained = write(chunk, ...more);
    if (!isMessage(chunk)) return isDrained;
    if (isDrained) outlet.taken();
    else
      response.once('drain', () => {
        outlet.taken();
      });
    return isDrained;
  };
  response.once('close', () => {
    outlet.closed();
    exchange.outlet = undefined;
  });
  return { outlet, run: (handle) => exchanges.run(exchange, handle), through: (answer) => answer };
}

/** Tell the response of Node.js from what else a request may come with. */
export function isServerResponse(value: unknown): value is ServerResponse {
  return typeof value === 'object' && value !== null && 'writeHead' in value && 'writableNeedDrain' in value;
}

function isEventStream(contentType: string | null): boolean {
  return contentType?.startsWith('text/event-stream') === true;
}

/** The first byte of a message, of a comment, which keeps a stream alive, and of an event that primes it. */
const FIRST_BYTES = { message: 'e'.charCodeAt(0), comment: ':'.charCodeAt(0), id: 'i'.charCodeAt(0) } as const;

function isMessage(chunk: unknown): boolean {
  return chunk instanceof Uint8Array && chunk[0] === FIRST_BYTES.message;
}

/** Whether a body that begins like this is a stream of events, and not one JSON text. */
function isEvent(chunk: unknown): boolean {
  return chunk instanceof Uint8Array && Object.values<number | undefined>(FIRST_BYTES).includes(chunk[0]);
}
