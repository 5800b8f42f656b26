import type { TaskEntry, TaskHead, TaskRecord } from '@mcp-tasks/store';
import * as v1 from '@modelcontextprotocol/ext-tasks/core/v1';
import * as v2 from '@modelcontextprotocol/ext-tasks/core/v2';
import { describe, expect, it } from 'vitest';
import {
  createTaskResult2025,
  publishedTask2025,
  statusNotification2025,
  task2025,
  taskResult2025,
} from '../../src/show/codec-2025.ts';
import { createTaskResult2026, detailedTask } from '../../src/show/codec-2026.ts';

const HEAD: TaskHead = {
  taskId: '0b8e6a52-3d9c-4b0f-9f0e-6f2b8f1f7a11',
  owner: 'alice',
  version: 3,
  writeId: 'third',
  status: 'working',
  createdAtMs: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  lastUpdatedAtMs: Date.UTC(2026, 0, 2, 3, 4, 6),
  ttlMs: 60_000,
  expiresAtMs: Date.UTC(2026, 0, 2, 3, 5, 5, 6),
  pollIntervalMs: 500,
  handler: 'report',
  callDigest: 'digest',
  attempt: 1,
  crashCount: 0,
  holder: 'process',
  dueAtMs: 1,
  openQuestions: [],
  queue: '',
  entryBytes: 0,
};
const SHOWN = { taskId: HEAD.taskId, createdAt: '2026-01-02T03:04:05.006Z', lastUpdatedAt: '2026-01-02T03:04:06.000Z' };
const QUESTION = {
  method: 'elicitation/create',
  params: {
    mode: 'form',
    message: 'Sure?',
    requestedSchema: { type: 'object', properties: { yes: { type: 'boolean' } } },
  },
};

const entry = (kind: TaskEntry['kind'], name: string, value: unknown): TaskEntry => ({
  kind,
  name,
  value: JSON.stringify(value),
});
const record = (head: Partial<TaskHead>, ...entries: TaskEntry[]): TaskRecord => ({
  head: { ...HEAD, ...head },
  entries,
});

const RESULT = { content: [{ type: 'text', text: 'done' }], structuredContent: { n: 1 } };
const RECORDS: Record<string, TaskRecord> = {
  working: record({ statusMessage: 'half way' }, entry('published', 'part', 1)),
  input_required: record(
    { status: 'input_required', openQuestions: ['sure'] },
    entry('question', 'sure', QUESTION),
    entry('question', 'answered before', QUESTION),
  ),
  completed: record({ status: 'completed' }, entry('result', '', RESULT)),
  'completed with an error of the tool': record(
    { status: 'completed', resultError: 'it broke' },
    entry('result', '', { ...RESULT, isError: true }),
  ),
  failed: record({ status: 'failed' }, entry('error', '', { code: -32603, message: 'broken', data: { why: 1 } })),
  cancelled: record({ status: 'cancelled' }),
};

describe('a record as a task of 2026-07-28', () => {
  it.each(Object.entries(RECORDS))('[TYPE-11] is what the official package accepts: %s', (_name, each) => {
    const task = detailedTask(each);
    const answer = { resultType: 'complete', ...task };
    expect(v2.isDetailedTaskV2(answer)).toBe(true);
    expect(v2.isTaskStatusNotificationV2({ jsonrpc: '2.0', method: 'notifications/tasks', params: task })).toBe(true);
    expect(v2.isCreateTaskResultV2(createTaskResult2026(each.head))).toBe(true);
  });

  it('[TYPE-11] shows what its status calls for, and nothing of the inside', () => {
    const fields = { ...SHOWN, ttlMs: 60_000, pollIntervalMs: 500 };
    const shown = Object.fromEntries(Object.entries(RECORDS).map(([name, each]) => [name, detailedTask(each)]));
    expect(shown).toEqual({
      working: {
        ...fields,
        status: 'working',
        statusMessage: 'half way',
        _meta: { 'io.github.mcp-tasks/variables': { part: 1 } },
      },
      input_required: { ...fields, status: 'input_required', inputRequests: { sure: QUESTION } },
      completed: { ...fields, status: 'completed', result: { resultType: 'complete', ...RESULT } },
      'completed with an error of the tool': {
        ...fields,
        status: 'completed',
        result: { resultType: 'complete', ...RESULT, isError: true },
      },
      failed: { ...fields, status: 'failed', error: { code: -32603, message: 'broken', data: { why: 1 } } },
      cancelled: { ...fields, status: 'cancelled' },
    });
  });

  it.each([[42], [[1, 2]], ['text'], [null], [false]])(
    'shows structured content that is no object as text too: %o',
    (value) => {
      const { result } = detailedTask(
        record({ status: 'completed' }, entry('result', '', { content: [], structuredContent: value })),
      ) as {
        result: object;
      };
      expect(result).toMatchObject({
        structuredContent: value,
        content: [{ type: 'text', text: JSON.stringify(value) }],
      });
    },
  );

  it.each([
    ['a result', record({ status: 'completed' })],
    ['an error', record({ status: 'failed' })],
    ['a question', record({ status: 'input_required', openQuestions: ['sure'] })],
    ['readable JSON', record({ status: 'completed' }, { kind: 'result', name: '', value: '{' })],
  ])('is refused as corrupt without %s', (_what, each) => {
    expect(() => detailedTask(each)).toThrow(expect.objectContaining({ code: 'STORE_CORRUPT_RECORD' }));
  });
});

describe('a head as a task of 2025-11-25', () => {
  it.each(Object.entries(RECORDS))('[TYPE-01] is what the official package accepts: %s', (_name, each) => {
    expect(v1.GetTaskResultV1Schema.safeParse(publishedTask2025(each)).success).toBe(true);
    expect(v1.CancelTaskResultV1Schema.safeParse(publishedTask2025(each)).success).toBe(true);
    expect(v1.CreateTaskResultV1Schema.safeParse(createTaskResult2025(each.head, 'soon')).success).toBe(true);
    expect(v1.ListTasksResultV1Schema.safeParse({ tasks: [task2025(each.head)] }).success).toBe(true);
    const notification = { jsonrpc: '2.0', ...statusNotification2025(each) };
    expect(v1.TaskStatusNotificationV1Schema.safeParse(notification).success).toBe(true);
  });

  it('[TYPE-01] shows the ttl always, and what is absent not at all', () => {
    expect(task2025(HEAD)).toEqual({ ...SHOWN, status: 'working', ttl: 60_000, pollInterval: 500 });
    expect(Object.keys(task2025(HEAD))).not.toContain('statusMessage');
  });

  it('shows a completed task with an error of the tool as failed, with its text in the place of the message', () => {
    const head: TaskHead = { ...HEAD, status: 'completed', statusMessage: 'half way', resultError: 'it broke' };
    expect(task2025(head)).toMatchObject({ status: 'failed', statusMessage: 'it broke' });
  });

  it('[TYPE-04] ties a result to its task and keeps the rest of its _meta', () => {
    const result = taskResult2025(HEAD.taskId, { content: [], _meta: { own: 1 } });
    expect(result._meta).toEqual({ own: 1, 'io.modelcontextprotocol/related-task': { taskId: HEAD.taskId } });
  });

  it('[TYPE-10] carries the text for the model only when there is one', () => {
    expect(createTaskResult2025(HEAD)).toEqual({ task: task2025(HEAD) });
    expect(createTaskResult2025(HEAD, 'soon')._meta).toEqual({
      'io.modelcontextprotocol/model-immediate-response': 'soon',
    });
  });
});
