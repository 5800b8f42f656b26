import type { JSONRPCMessage, MessageExtraInfo, Transport } from '@modelcontextprotocol/server';

type Receive = (message: JSONRPCMessage, extra?: MessageExtraInfo) => void;
type Send = Transport['send'];

/** Wrappers around a transport: each part gets the next one further in or out. */
export interface AroundTransport {
  /** Make what takes the client's messages; `deliver` hands one to the SDK. */
  receive(deliver: Receive): Receive;
  /** Make what takes the server's messages; `send` hands one to the client. */
  send(send: Send): Send;
  closed(): void;
}

/**
 * Put something around a transport before the SDK connects to it.
 *
 * The object itself is changed, since the SDK's HTTP entry holds on to that very object. The SDK sets its callbacks
 * before it calls `start`, so that is where ours go around them, before the first message.
 */
export function aroundTransport(transport: Transport, around: AroundTransport): void {
  const start = transport.start.bind(transport);
  transport.send = around.send(transport.send.bind(transport));
  transport.start = () => {
    const { onmessage, onclose } = transport;
    transport.onmessage = around.receive((message, extra) => onmessage?.(message, extra));
    transport.onclose = () => {
      around.closed();
      onclose?.();
    };
    return start();
  };
}
