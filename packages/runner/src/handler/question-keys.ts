import { TaskError } from '@mcp-tasks/store';
import type { InputRequest } from '@mcp-tasks/wire';
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
  const capability = request.method === 'elicitation/create' ? 'elicitation' : 'sampling';
  if (able?.[capability] === false) throw unsupported(key, request, `the client does not support ${capability}`);
}

/** A question that cannot be put to the client. */
export function unsupported(key: string, { method }: InputRequest, because: string): TaskError {
  const details = { key, method };
  return new TaskError('INPUT_UNSUPPORTED', `The question "${key}" cannot be asked: ${because}.`, { details });
}
