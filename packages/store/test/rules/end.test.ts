import type { CallToolResult } from '@mcp-tasks/wire';
import { describe, expect, it } from 'vitest';
import type { TaskHead } from '../../src/index.ts';
import { type Rule, rules } from '../../src/rules.ts';
import { HOUR_MS, newHead, T0_MS } from '../heads.ts';
import { after, onlyPut, written } from './verdicts.ts';

const lease = { taskId: 'task-1', attempt: 2, holder: 'here' };
const held = newHead({
  attempt: 2,
  holder: 'here',
  dueAtMs: T0_MS + 9,
  status: 'input_required',
  openQuestions: ['a', 'b'],
});
const result: CallToolResult = { content: [{ type: 'text', text: 'done: x' }], structuredContent: { n: 1 } };
const keepResultMs = 15 * 60_000;
const error = { code: -32000, message: 'no disk', data: { disk: 1 } };

const runEnds: readonly (readonly [string, Rule<string>])[] = [
  ['complete', rules.complete(lease, { result, keepResultMs })],
  ['fail', rules.fail(lease, error, keepResultMs)],
  ['interrupt', rules.interrupt(lease, keepResultMs)],
];

describe('complete', () => {
  it('[STOR-02] completes status and result in one write, gives the task back and withdraws all questions', () => {
    const verdict = rules.complete(lease, { result, keepResultMs })(held, T0_MS + 5);
    expect(written(verdict).patch).toEqual({
      head: { status: 'completed', holder: null, dueAtMs: null, openQuestions: [], lastUpdatedAtMs: T0_MS + 5 },
      put: [{ kind: 'result', name: '', value: JSON.stringify(result) }],
    });
  });

  it('[STOR-02] stores JSON that the caller made already as it is', () => {
    const rule = rules.complete(lease, { result, json: '{"content": []}', keepResultMs });
    expect(onlyPut(rule(held, T0_MS)).value).toBe('{"content": []}');
  });

  it('[STOR-04] keeps the first text of a result with isError, cut at 1 KiB between characters, for lists', () => {
    const resultErrorOf = (text: string) => {
      const content: CallToolResult['content'] = [
        { type: 'image', data: '', mimeType: 'image/png' },
        { type: 'text', text },
        { type: 'text', text: 'second' },
      ];
      return after(rules.complete(lease, { result: { content, isError: true }, keepResultMs }), held, T0_MS)
        .resultError;
    };
    expect(resultErrorOf('failing_job failed')).toBe('failing_job failed');
    expect(resultErrorOf('x'.repeat(1023) + 'é')).toBe('x'.repeat(1023));
    expect(resultErrorOf('😀'.repeat(300))).toBe('😀'.repeat(256));
    const silent = rules.complete(lease, { result: { content: [], isError: true }, keepResultMs });
    expect(after(silent, held, T0_MS).resultError).toBe('');
    expect(after(rules.complete(lease, { result, keepResultMs }), held, T0_MS)).not.toHaveProperty('resultError');
  });

  it.each([
    ['lengthened to', HOUR_MS - 1_000, {}, HOUR_MS - 1_000 + keepResultMs],
    ['left when it is longer', 10, {}, HOUR_MS],
    ['left as the client asked for it', HOUR_MS - 1_000, { ttlRequested: true }, HOUR_MS],
  ])(
    '[STOR-07] the time of a completed task is %s: ended after %d ms',
    (_, endedAfterMs, fields: Partial<TaskHead>, ttlMs) => {
      for (const [, rule] of runEnds) {
        const head = after(rule, { ...held, ...fields }, T0_MS + endedAfterMs);
        expect(head).toMatchObject({ ttlMs, expiresAtMs: T0_MS + ttlMs });
      }
    },
  );
});

describe('fail', () => {
  it('[STOR-02] stores status, error and a message for people in one write', () => {
    const verdict = rules.fail(lease, error, keepResultMs)(held, T0_MS);
    expect(onlyPut(verdict)).toEqual({ kind: 'error', name: '', value: JSON.stringify(error) });
    expect(after(rules.fail(lease, error, keepResultMs), held, T0_MS)).toMatchObject({
      status: 'failed',
      statusMessage: 'no disk',
      openQuestions: [],
      dueAtMs: null,
    });
  });

  it('[DURA-03] says that an interrupted task was interrupted', () => {
    const entry = onlyPut(rules.interrupt(lease, keepResultMs)(held, T0_MS));
    expect(JSON.parse(entry.value)).toMatchObject({ code: -32603, data: { code: 'TASK_INTERRUPTED' } });
  });
});

describe.each(runEnds)('the end of a run by %s', (_, rule) => {
  it.each([
    ['taken over by another process', { ...held, attempt: 3, holder: 'there' }],
    ['taken over by this process', { ...held, attempt: 3 }],
    ['completed by a later run', newHead({ attempt: 3, status: 'completed', dueAtMs: null })],
    ['failed by a later run', newHead({ attempt: 3, status: 'failed', dueAtMs: null })],
    ['parked', newHead({ attempt: 2, dueAtMs: null })],
    ['cancelled', newHead({ attempt: 2, status: 'cancelled', dueAtMs: null })],
  ])('[DURA-03] is dropped when the task was %s', (_title, head) => {
    expect(rule(head, T0_MS)).toMatchObject({
      kind: 'refused',
      error: { code: 'RUN_ENDED', details: { taskId: 'task-1', attempt: 2 } },
    });
  });

  it('[DURA-03] still counts after the end of the lease while nobody took the task over', () => {
    expect(rule(held, T0_MS + 60_000).kind).toBe('write');
  });

  it('[DURA-08] finds itself in the head when the answer was lost', () => {
    const ended = after(rule, held, T0_MS);
    expect(rule(ended, T0_MS + 1, held)).toEqual({ kind: 'done', value: ended.status });
  });

  it('[INTG-09] writes nothing from expiresAtMs on', () => {
    expect(rule(held, held.expiresAtMs)).toMatchObject({ kind: 'refused', error: { code: 'TASK_NOT_FOUND' } });
  });
});

describe('cancel', () => {
  it('[INTG-08] ends a task in one write, whoever holds it', () => {
    for (const head of [held, newHead({}), newHead({ attempt: 1, dueAtMs: null })]) {
      expect(written(rules.cancel()(head, T0_MS)).patch.head).toEqual({
        status: 'cancelled',
        holder: null,
        dueAtMs: null,
        openQuestions: [],
        lastUpdatedAtMs: T0_MS,
      });
    }
  });

  it.each(['completed', 'failed', 'cancelled'] as const)('[TYPE-03] says that a task is %s already', (status) => {
    expect(rules.cancel()(newHead({ status }), T0_MS)).toMatchObject({
      kind: 'refused',
      error: { code: 'TASK_ALREADY_TERMINAL', details: { taskId: 'task-1', status } },
    });
  });

  it('[DURA-08] counts as done when the task was cancelled since it began, but not when it was completed', () => {
    const cancelled = after(rules.cancel(), held, T0_MS);
    expect(rules.cancel()(cancelled, T0_MS + 1, held)).toEqual({ kind: 'done', value: 'cancelled' });
    expect(rules.cancel()(newHead({ status: 'completed' }), T0_MS + 1, held)).toMatchObject({
      error: { details: { status: 'completed' } },
    });
  });

  it('[STOR-07] keeps the time of the task', () => {
    expect(after(rules.cancel(), held, held.expiresAtMs - 1)).toMatchObject({
      expiresAtMs: held.expiresAtMs,
      ttlMs: held.ttlMs,
    });
  });
});
