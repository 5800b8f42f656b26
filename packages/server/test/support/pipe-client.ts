import { PassThrough } from 'node:stream';
import type { JsonObject } from '@mcp-tasks/wire';
import { expect } from 'vitest';

/** The client's end of two pipes. */
export class PipeClient {
  readonly received: JsonObject[] = [];
  readonly stdin = new PassThrough();
  readonly stdout = new PassThrough();
  #lastId = 0;

  constructor() {
    let buffer = '';
    this.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (buffer + chunk).split('\n');
      buffer = lines.pop() ?? '';
      this.received.push(...lines.map((line) => JSON.parse(line) as JsonObject));
    });
  }

  async request(method: string, params: JsonObject): Promise<JsonObject> {
    const id = ++this.#lastId;
    this.send({ jsonrpc: '2.0', id, method, params });
    let answer: JsonObject | undefined;
    const find = () => (answer = this.received.find((message) => message['id'] === id && !('method' in message)));
    await expect.poll(find, { timeout: 10_000 }).toBeDefined();
    return (answer as unknown as JsonObject)['result'] as JsonObject;
  }

  send(message: unknown): void {
    this.stdin.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`);
  }
}
