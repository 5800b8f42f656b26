import { onTestFinished } from 'vitest';
import { type RunningServer, spawnEverythingServer } from '../src/testing.ts';
import { REVISION, type WireMessage } from './raw-client.ts';

/** `_meta` of a request of 2026-07-28. */
export const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': REVISION[2026],
  'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {
    elicitation: {},
    extensions: { 'io.modelcontextprotocol/tasks': {} },
  },
};

/** One process that talks over its standard streams. */
export class Conversation {
  readonly server: RunningServer;
  readonly received: WireMessage[] = [];
  readonly #waiting: (() => void)[] = [];
  #ids = 0;

  constructor(environment: Readonly<Record<string, string>> = {}) {
    this.server = spawnEverythingServer({ STDIO: '1', DRAIN_MS: '0', POLL_INTERVAL_MS: '20', ...environment });
    this.server.lines.on('line', (line) => {
      this.received.push(JSON.parse(line) as WireMessage);
      for (const wake of this.#waiting.splice(0)) wake();
    });
    onTestFinished(() => {
      this.server.child.kill();
    });
  }

  write(line: string): void {
    this.server.child.stdin.write(`${line}\n`);
  }

  send(message: object): void {
    this.write(JSON.stringify({ jsonrpc: '2.0', ...message }));
  }

  async request(method: string, params: object = {}): Promise<WireMessage> {
    const id = (this.#ids += 1);
    this.send({ id, method, params });
    return this.until((message) => message.id === id && message.method === undefined);
  }

  modern(method: string, params: object = {}): Promise<WireMessage> {
    return this.request(method, { ...params, _meta: { ...(params as { _meta?: object })._meta, ...ENVELOPE } });
  }

  /** The first message like this, received already or to come. */
  async until(wanted: (message: WireMessage) => boolean): Promise<WireMessage> {
    for (;;) {
      const found = this.received.find(wanted);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  async initialize(): Promise<void> {
    await this.request('initialize', {
      protocolVersion: REVISION[2025],
      capabilities: { elicitation: {} },
      clientInfo: { name: 'raw', version: '1' },
    });
    this.send({ method: 'notifications/initialized' });
  }

  /** Close standard input and wait for the end. */
  end() {
    this.server.child.stdin.end();
    return this.server.ended;
  }
}
