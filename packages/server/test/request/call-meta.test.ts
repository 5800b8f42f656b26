import { createTasks, type TaskEvent } from '@mcp-tasks/runner';
import { memoryStore } from '@mcp-tasks/store';
import type { JsonObject } from '@mcp-tasks/wire';
import { workflow } from '@mcp-tasks/workflow';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readCallMeta } from '../../src/request/call-meta.ts';
import { connectTestClient } from '../../src/testing.ts';

const KiB = 1024;
/** What the body of one request has room for. */
const HUGE = 'b'.repeat(3_900_000);

describe('what a call says about itself', () => {
  const trace = { traceparent: 'p'.repeat(55), tracestate: 's'.repeat(512), baggage: 'b'.repeat(8_192) };

  it('is kept up to its limit in bytes', () => {
    const token = 'é'.repeat(128);
    expect(readCallMeta({ _meta: { ...trace, progressToken: token } })).toEqual({
      idempotencyKey: undefined,
      progressToken: token,
      trace,
    });
  });

  it.each(['traceparent', 'tracestate', 'baggage'] as const)('is left out beyond it: %s', (name) => {
    const { [name]: kept, ...others } = trace;
    expect(readCallMeta({ _meta: { ...trace, [name]: `${kept}x` } }).trace).toEqual(others);
    // Half of it in characters, as many bytes and one more.
    expect(readCallMeta({ _meta: { ...trace, [name]: 'é'.repeat(kept.length / 2 + 1) } }).trace).toEqual(others);
    expect(readCallMeta({ _meta: { [name]: HUGE } }).trace).toBeUndefined();
  });

  it('is refused where it would be sent again: a progress token', () => {
    expect(() => readCallMeta({ _meta: { progressToken: `${'é'.repeat(128)}x` } })).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENTS',
        message: '_meta.progressToken has 257 bytes; the limit is 256.',
        details: { field: '_meta.progressToken', actualBytes: 257, limitBytes: 256 },
      }) as Error,
    );
  });
});

describe.each(['2025-11-25', '2026-07-28'] as const)(
  'a client of %s that sends megabytes beside its arguments',
  (generation) => {
    async function setUp() {
      const events: TaskEvent[] = [];
      const store = memoryStore();
      const stored: number[] = [];
      const create = store.create.bind(store);
      store.create = (creation) => {
        stored.push(JSON.stringify([creation.head, creation.entries, creation.idempotencyKey]).length);
        return create(creation);
      };
      const tasks = createTasks({ store, onEvent: (event) => events.push(event) });
      tasks.tool('any', { inputSchema: z.looseObject({}) }, () => ({ content: [] }));
      workflow(tasks, 'flow', { description: 'd' }, ({ step }) => step('one', { client: true, guidance: 'Do it' }));
      const client = await connectTestClient(tasks, { generation });
      return { events, stored, tasks, client };
    }
    const code = (answer: Promise<JsonObject>) =>
      answer.then(
        () => 'answered',
        (error: unknown) => (error as { code: number }).code,
      );

    it('has none of it stored, told or looked up', async () => {
      const { events, stored, tasks, client } = await setUp();
      const call = generation === '2025-11-25' ? { task: {} } : {};
      const ways: [string, JsonObject][] = [
        ['tools/call', { name: 'any', arguments: {}, ...call }],
        ['tools/call', { name: 'any', arguments: {} }],
        ['prompts/get', { name: 'flow' }],
      ];
      for (const [method, params] of ways) {
        for (const name of ['traceparent', 'tracestate', 'baggage']) {
          expect(await code(client.request(method, { ...params, _meta: { [name]: HUGE } })), `${method} ${name}`).toBe(
            'answered',
          );
        }
        const before = stored.length;
        expect(await code(client.request(method, { ...params, _meta: { progressToken: HUGE } }))).toBe(-32602);
        expect(stored).toHaveLength(before);
      }
      for (const method of [
        'tasks/get',
        'tasks/cancel',
        generation === '2025-11-25' ? 'tasks/result' : 'tasks/update',
      ]) {
        expect(await code(client.request(method, { taskId: HUGE, inputResponses: {} }))).toBe(-32602);
      }
      const named = { _meta: { 'io.github.mcp-tasks/workflow': { taskId: HUGE } } };
      expect(await code(client.request('prompts/get', { name: 'flow', ...named }))).toBe(-32602);
      expect(await code(client.request('tools/call', { name: 'any', arguments: {}, ...named }))).toBe('answered');
      const further = { name: 'continue_workflow', arguments: { taskId: HUGE, step: HUGE } };
      expect(JSON.stringify(await client.request('tools/call', further)).length).toBeLessThan(KiB);

      expect(stored.length).toBeGreaterThan(5);
      expect(Math.max(...stored)).toBeLessThan(4 * KiB);
      expect(events.filter(({ type }) => type === 'access-refused').length).toBeGreaterThan(3);
      for (const event of events) expect(JSON.stringify(event).length).toBeLessThan(KiB);
      await client.close();
      await tasks.close({ drainMs: 0 });
    });
  },
);
