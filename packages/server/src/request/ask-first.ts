import type { TaskTool } from '@mcp-tasks/runner';
import { askRequests, checkResponse, sentence } from '@mcp-tasks/runner/engine';
import { TaskError } from '@mcp-tasks/store';
import type { InputResponse } from '@mcp-tasks/wire';
import type { InputRequiredResult } from '@modelcontextprotocol/server';
import { type Fields, fieldsOf } from './task-request.ts';

/** Questions that a call still needs answered before its work begins, or their answers. */
export type AskedFirst =
  | { readonly status: 'asking'; readonly result: InputRequiredResult }
  | { readonly status: 'answered'; readonly answers: Readonly<Record<string, InputResponse>> };

/**
 * Ask what a tool asks before its work, by multi-round-trip: nothing is kept between the rounds, the last one brings
 * all answers.
 *
 * As long as one is missing all are asked again, since a client sends only what was asked last.
 *
 * @throws {TaskError} TASK_ANSWER_INVALID - an answer does not fit its question: the message names the key.
 * @see 2026-07-28, Multi Round-Trip Requests; SEP-2663, "Composition with Multi Round-Trip Requests"
 */
export function askFirst(tool: TaskTool, params: Fields): AskedFirst {
  const questions = askRequests(tool);
  const responses = fieldsOf(params['inputResponses']);
  const keys = Object.keys(questions);
  if (!keys.every((key) => Object.hasOwn(responses, key))) {
    return {
      status: 'asking',
      result: { resultType: 'input_required', inputRequests: questions } as InputRequiredResult,
    };
  }
  for (const [key, question] of Object.entries(questions)) {
    const problem = checkResponse(question, responses[key]);
    if (problem === undefined) continue;
    throw new TaskError('TASK_ANSWER_INVALID', sentence(`The answer to question "${key}" does not fit: ${problem}`), {
      details: { key },
    });
  }
  return { status: 'answered', answers: Object.fromEntries(keys.map((key) => [key, responses[key] as InputResponse])) };
}
