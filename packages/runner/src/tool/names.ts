import { TaskError } from '@mcp-tasks/store';
import { isWellFormed } from '@mcp-tasks/store/rules';

const MAX_NAME_CHARACTERS = 128;

/**
 * Check a name that is given at registration. @throws {TypeError} it is not 1 to 128 characters of well-formed Unicode.
 */
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

/**
 * Say why a name cannot be in a record. The names of all open questions are in its head, which has to stay small.
 *
 * Names are keys of JSON objects, here, in the MCP SDK and in clients, and such an object has the members of every
 * object too: it would seem to hold "toString" already, and "__proto__" could not be put into it.
 */
function nameProblem(what: string, name: unknown): string | undefined {
  const fits = typeof name === 'string' && name.length > 0 && name.length <= MAX_NAME_CHARACTERS && isWellFormed(name);
  if (!fits) return `${what} must be 1 to ${MAX_NAME_CHARACTERS} characters of well-formed Unicode.`;
  if (!(name in Object.prototype)) return undefined;
  return `${what} must not be "${name}", since every object has a member of this name: choose another name.`;
}
