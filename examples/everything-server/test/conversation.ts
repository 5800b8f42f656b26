import { expect } from 'vitest';
import {
  type Caller,
  type Deviation,
  type Params,
  postRaw,
  stream,
  TERMINAL,
  type WireError,
  type WireResult,
} from './raw-client.ts';

/** Answers to the server's questions, by their 2026-07-28 key and by the form's message (2025-11-25). */
export type Answers = Readonly<Record<string, Params>>;

export const accept = (content: Params): Params => ({ action: 'accept', content });

/** What the call would have answered without a task: a result or an error. */
export interface Finished {
  readonly result?: WireResult | undefined;
  readonly error?: WireError | undefined;
}

/** Follow a task to its end, answering what it asks. */
export async function finish(
  caller: Caller,
  url: string,
  taskId: string,
  answers: Answers = {},
  deviation: Deviation = {},
): Promise<Finished> {
  if (caller.generation === 2025) return finishByResult(url, taskId, answers, deviation);
  for (;;) {
    const task = await caller.pollUntil(taskId, 'input_required', ...TERMINAL);
    if (task.status === 'completed') return { result: task.result };
    if (task.status === 'failed') return { error: task.error };
    const keys = Object.keys(task.inputRequests);
    const inputResponses = Object.fromEntries(keys.map((key) => [key, answers[key]]));
    const update = await caller.request('tasks/update', { taskId, inputResponses });
    expect(update.error).toBeUndefined();
  }
}

async function finishByResult(url: string, taskId: string, answers: Answers, deviation: Deviation): Promise<Finished> {
  for await (const message of stream(2025, url, 'tasks/result', { taskId }, deviation)) {
    if (message.method === undefined) return { result: message.result, error: message.error };
    if (message.id === undefined) continue;
    expect(message.params?._meta?.['io.modelcontextprotocol/related-task']).toEqual({ taskId });
    const result = answers[message.params?.message ?? message.method];
    const posted = await postRaw(url, JSON.stringify({ jsonrpc: '2.0', id: message.id, result }), deviation);
    expect(posted.status).toBe(202);
  }
  throw new Error('the stream of tasks/result ended without an answer');
}
