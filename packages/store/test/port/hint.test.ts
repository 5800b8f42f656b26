import { describe, expect, it } from 'vitest';
import { hintOf } from '../../src/index.ts';
import { newHead, T0_MS } from '../heads.ts';

describe('hintOf', () => {
  it('[STOR-01] tells handler, queue and time of a task that a process may claim', () => {
    expect(hintOf(newHead({ version: 3, queue: 'slow', dueAtMs: T0_MS + 7 }))).toEqual({
      taskId: 'task-1',
      version: 3,
      status: 'working',
      due: { handler: 'count', queue: 'slow', atMs: T0_MS + 7 },
    });
  });

  it.each([
    { title: 'held', head: newHead({ holder: 'p' }) },
    { title: 'parked', head: newHead({ dueAtMs: null }) },
  ])('[STOR-01] tells only version and status of a task that is $title', ({ head }) => {
    expect(hintOf(head)).toEqual({ taskId: 'task-1', version: 1, status: 'working' });
  });
});
