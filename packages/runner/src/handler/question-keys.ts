import { TaskError } from '@mcp-tasks/store';
import type { InputRequest, JsonObject } from '@mcp-tasks/wire';
import type { InputCapabilities } from '../api/tool.ts';
import { checkUsedName } from '../tool/names.ts';

/** Every key is asked once per attempt, by any of the ways to ask. */
export class QuestionKeys {
  readonly #used = new Set<string>();

  /** @throws {TaskError} QUESTION_KEY_REUSED, NAME_INVALID */
  use(taskId: string, key: string): void {
    checkUsedName('A question key', key);
    if (this.#used.has(key)) {
      throw new TaskError(
        'QUESTION_KEY_REUSED',
        `Task ${taskId} asked the question "${key}" twice in one run: give each question its own key.`,
        {
          details: { taskId, key },
        },
      );
    }
    this.#used.add(key);
  }
}

/** @throws {TaskError} INPUT_UNSUPPORTED - the client is known not to support this kind of question. */
export function checkSupported(key: string, request: InputRequest, able: InputCapabilities | undefined): void {
  const reason = unsupportedReason(request, able);
  if (reason !== undefined) throw unsupported(key, request, reason);
}

/** Why a client cannot be asked; undefined = it can, as far as is known. */
export function unsupportedReason(request: InputRequest, able: InputCapabilities | undefined): string | undefined {
  const { capability, said } = kindOf(request);
  return able?.[capability] === false ? `the client does not support ${said}` : undefined;
}

function kindOf({ method, params }: InputRequest): {
  readonly capability: keyof InputCapabilities;
  readonly said: string;
} {
  switch (method) {
    case 'elicitation/create':
      return params['mode'] === 'url'
        ? { capability: 'elicitationUrl', said: 'elicitation by URL' }
        : { capability: 'elicitation', said: 'elicitation' };
    case 'sampling/createMessage':
      return { capability: 'sampling', said: 'sampling' };
    case 'roots/list':
      return { capability: 'roots', said: 'roots' };
  }
}

/** A question that cannot be put to the client. */
export function unsupported(key: string, request: InputRequest, because: string): TaskError {
  const details = namedQuestion(key, request);
  return new TaskError('INPUT_UNSUPPORTED', `The question "${key}" cannot be asked: ${because}.`, { details });
}

function namedQuestion(key: string, { method, params }: InputRequest): JsonObject {
  return { key, method, ...(params['mode'] === 'url' && { mode: 'url' }) };
}
