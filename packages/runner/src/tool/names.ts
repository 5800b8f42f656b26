import { TaskError } from '@mcp-tasks/store';
import { isWellFormed } from '@mcp-tasks/store/rules';

const MAX_NAME_CHARACTERS = 128;

/** Check a name that is given at registration. @throws {TypeError} it is not 1 to 128 characters of well-formed Unicode. */
export function checkName(what: string, name: unknown): void {
  const problem = nameProblem(what, name);
  if (problem !== undefined) throw new TypeError(problem);
}

/** Check a name that a handler uses: of a step, a question, a variable. @throws {TaskError} NAME_INVALID */
export function checkUsedName(what: string, name: unknown): void {
  const problem = nameProblem(what, name);
  if (problem !== undefined)
    throw new TaskError('NAME_INVALID', problem, { details: { limitCharacters: MAX_NAME_CHARACTERS } });
}

/** Say why a name cannot be in a record. The names of all open questions are in its head, which has to stay small. */
function nameProblem(what: string, name: unknown): string | undefined {
  const fits = typeof name === 'string' && name.length > 0 && name.length <= MAX_NAME_CHARACTERS && isWellFormed(name);
  return fits ? undefined : `${what} must be 1 to ${MAX_NAME_CHARACTERS} characters of well-formed Unicode.`;
}
