import type { InputCapabilities } from '@mcp-tasks/runner';
import { TaskError } from '@mcp-tasks/store';
import { isJsonObject, type JsonObject, TASKS_EXTENSION_MISSING_2026 } from '@mcp-tasks/wire';

export { declaresTasksExtension } from '@mcp-tasks/wire';

/**
 * The error for a request that needs the extension and does not declare it.
 *
 * @param questions - those that the client would be asked, were it to declare the extension: the error names all that
 * is missing.
 * @see SEP-2663, "Capability Negotiation"
 */
export function tasksExtensionRequired(questions: Iterable<Question> = [], clientCapabilities?: unknown): TaskError {
  const missing = missingForAll(questions, clientCapabilities);
  return capabilitiesRequired({ ...TASKS_EXTENSION_MISSING_2026.requiredCapabilities, ...missing } as JsonObject);
}

/** A question, as far as it says what a client must be able to do. */
export interface Question {
  readonly method: string;
  readonly params?: unknown;
}

const FORM: Question = { method: 'elicitation/create' };
const ADDRESS: Question = { method: 'elicitation/create', params: { mode: 'url' } };

/** A client that can answer no question. */
export const NO_INPUT: Required<InputCapabilities> = {
  elicitation: false,
  elicitationUrl: false,
  sampling: false,
  roots: false,
};

/** Questions that a client with these capabilities can answer; unknown without them. */
export function inputCapabilities(clientCapabilities: unknown): InputCapabilities | undefined {
  if (!isJsonObject(clientCapabilities)) return undefined;
  return {
    elicitation: missingFor(FORM, clientCapabilities) === undefined,
    elicitationUrl: missingFor(ADDRESS, clientCapabilities) === undefined,
    sampling: missingFor({ method: 'sampling/createMessage' }, clientCapabilities) === undefined,
    roots: missingFor({ method: 'roots/list' }, clientCapabilities) === undefined,
  };
}

/**
 * Refuse to show questions to a request whose client cannot answer them.
 *
 * @throws {TaskError} CLIENT_CAPABILITY_REQUIRED - names every capability that is missing.
 */
export function requireInputCapabilities(requests: Iterable<Question>, clientCapabilities: unknown): void {
  const missing = missingForAll(requests, clientCapabilities);
  if (missing !== undefined) throw capabilitiesRequired(missing);
}

/** All that is missing for these questions; undefined = nothing. */
function missingForAll(questions: Iterable<Question>, clientCapabilities: unknown): JsonObject | undefined {
  const declared = isJsonObject(clientCapabilities) ? clientCapabilities : {};
  const missing: Record<string, JsonObject> = {};
  for (const question of questions) {
    // Forms and addresses are two parts of one capability.
    for (const [name, part] of Object.entries(missingFor(question, declared) ?? {})) {
      missing[name] = { ...missing[name], ...part };
    }
  }
  return Object.keys(missing).length === 0 ? undefined : missing;
}

/**
 * Forms are meant by a bare `elicitation: {}`, and by one that names `form`. @see 2025-11-25, Elicitation,
 * "Capabilities"
 */
function missingFor(
  { method, params }: Question,
  capabilities: Readonly<Record<string, unknown>>,
): Readonly<Record<string, JsonObject>> | undefined {
  const { elicitation, roots, sampling } = capabilities;
  if (method === 'sampling/createMessage') return isJsonObject(sampling) ? undefined : { sampling: {} };
  if (method === 'roots/list') return isJsonObject(roots) ? undefined : { roots: {} };
  const { form, url } = isJsonObject(elicitation) ? elicitation : {};
  if (isJsonObject(params) && params['mode'] === 'url') {
    return url === undefined ? { elicitation: { url: {} } } : undefined;
  }
  const hasForms = isJsonObject(elicitation) && (form !== undefined || url === undefined);
  return hasForms ? undefined : { elicitation: { form: {} } };
}

function capabilitiesRequired(requiredCapabilities: JsonObject): TaskError {
  // eslint-disable-next-line no-restricted-syntax -- the words of the MCP SDK
  return new TaskError('CLIENT_CAPABILITY_REQUIRED', 'Missing required client capability', {
    details: { requiredCapabilities },
  });
}
