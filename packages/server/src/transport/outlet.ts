import { utf8Bytes } from '@mcp-tasks/store/rules';
import type { JSONRPCMessage } from '@modelcontextprotocol/server';

/** Bytes that may wait for the reader of one stream, beside the message that it is about to take. */
const MAX_UNREAD_BYTES = 1024 * 1024;

/** Called when a stream changes. */
export interface OutletListener {
  readonly onOpen?: (() => void) | undefined;
  readonly onClose?: (() => void) | undefined;
  /** Ends the stream: its reader does not read. */
  readonly onOverflow?: (() => void) | undefined;
}

/** Ends a turn: the next one begins when the reader has taken what was sent in it. */
export type EndTurn = () => void;

/**
 * A stream of messages to a client, and how far its reader is.
 *
 * Who has something to tell again and again waits for a turn, in which all that was sent before is read: what is told
 * then is the latest state, and a reader that does not read has one message waiting. Of those who send without asking,
 * the stream is ended when more than 1 MiB waits.
 */
export class Outlet {
  readonly #listener: OutletListener;
  readonly #waiting: ((endTurn: EndTurn) => void)[] = [];
  #unread = 0;
  #unreadBytes = 0;
  #state: 'unopened' | 'open' | 'closed' = 'unopened';
  #hasTurn = false;

  constructor(listener: OutletListener = {}) {
    this.#listener = listener;
  }

  /** How many messages were sent that the reader has not taken; 0 where none is seen. */
  get unread(): number {
    return this.#state === 'open' ? this.#unread : 0;
  }

  /** The reader is seen from now on. Before, and where it never is, nothing waits for it. */
  opened(): void {
    if (this.#state !== 'unopened') return;
    this.#state = 'open';
    this.#listener.onOpen?.();
  }

  /** The reader is gone. */
  closed(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    for (const begin of this.#waiting.splice(0)) begin(doNothing);
    this.#listener.onClose?.();
  }

  /** A message is sent. */
  sent(message: JSONRPCMessage): void {
    this.#unread += 1;
    // An answer is the last that its request gets.
    if (this.unread <= 1 || !('method' in message)) return;
    this.#unreadBytes += bytesOf(message);
    if (this.#unreadBytes > MAX_UNREAD_BYTES) this.#listener.onOverflow?.();
  }

  /** The reader has taken a message, or it was not sent after all. */
  taken(): void {
    if (this.#unread > 0) this.#unread -= 1;
    if (this.#unread > 0) return;
    this.#unreadBytes = 0;
    this.#giveTurn();
  }

  /**
   * Wait for a turn, in the order of asking: nothing sent before is unread, and no other sender has the turn.
   *
   * @returns what ends the turn; undefined when `signal` aborted before.
   */
  turn(signal: AbortSignal): Promise<EndTurn | undefined> {
    return new Promise((resolve) => {
      if (signal.aborted || this.#state !== 'open') {
        resolve(signal.aborted ? undefined : doNothing);
        return;
      }
      const begin = (endTurn: EndTurn): void => {
        signal.removeEventListener('abort', giveUp);
        resolve(endTurn);
      };
      const giveUp = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(begin), 1);
        resolve(undefined);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.#waiting.push(begin);
      this.#giveTurn();
    });
  }

  #giveTurn(): void {
    if (this.#hasTurn || this.unread > 0) return;
    const begin = this.#waiting.shift();
    if (begin === undefined) return;
    this.#hasTurn = true;
    begin(() => {
      this.#hasTurn = false;
      this.#giveTurn();
    });
  }
}

function doNothing(): void {
  // There is no turn to end.
}

/** A message that cannot be written does not wait: its sender is told. */
function bytesOf(message: JSONRPCMessage): number {
  try {
    return utf8Bytes(JSON.stringify(message));
  } catch {
    return 0;
  }
}
