import type { InputCapabilities } from '@mcp-tasks/runner';
import { TaskError } from '@mcp-tasks/store';
import { isJsonObject, type JsonObject, TASKS_EXTENSION_MISSING_2026 } from '@mcp-tasks/wire';

export { declaresTasksExtension } from '@mcp-tasks/wire';

/**
 * The error for a request that needs the extension and does not declare it.
 *
 * @param methods - what would be asked of the client, were it to declare the extension: the error names all that is
 * missing.
 * @see SEP-2663, "Capability Negotiation"
 */
export function tasksExtensionRequired(methods: readonly string[] = [], clientCapabilities?: unknown): TaskError {
  const missing = missingForAll(methods, clientCapabilities);
  return capabilitiesRequired({ ...TASKS_EXTENSION_MISSING_2026.requiredCapabilities, ...missing } as JsonObject);
}

/** Questions that a client with these capabilities can answer; unknown without them. */
export function inputCapabilities(clientCapabilities: unknown): InputCapabilities | undefined {
  if (!isJsonObject(clientCapabilities)) return undefined;
  return {
    elicitation: missingFor('elicitation/create', clientCapabilities) === undefined,
    sampling: missingFor('sampling/createMessage', clientCapabilities) === undefined,
  };
}

/**
 * Refuse to show questions to a request whose client cannot answer them.
 *
 * @throws {TaskError} CLIENT_CAPABILITY_REQUIRED - names every capability that is missing.
 */
export function requireInputCapabilities(
  requests: Iterable<{ readonly method: string }>,
  clientCapabilities: unknown,
): void {
  const methods = Array.from(requests, ({ method }) => method);
  const missing = missingForAll(methods, clientCapabilities);
  if (missing !== undefined) throw capabilitiesRequired(missing);
}

/** All that is missing for requests of these methods; undefined = nothing. */
function missingForAll(methods: readonly string[], clientCapabilities: unknown): JsonObject | undefined {
  const declared = isJsonObject(clientCapabilities) ? clientCapabilities : {};
  const missing = methods.map((method) => missingFor(method, declared)).filter((one) => one !== undefined);
  return missing.length === 0 ? undefined : (Object.assign({}, ...missing) as JsonObject);
}

/**
 * Forms are meant by a bare `elicitation: {}`, and by one that names `form`. @see 2025-11-25, Elicitation,
 * "Capabilities"
 */
function missingFor(method: string, capabilities: Readonly<Record<string, unknown>>): JsonObject | undefined {
  if (method === 'sampling/createMessage') return isJsonObject(capabilities['sampling']) ? undefined : { sampling: {} };
  const { elicitation } = capabilities;
  const hasForms = isJsonObject(elicitation) && (elicitation['form'] !== undefined || elicitation['url'] === undefined);
  return hasForms ? undefined : { elicitation: { form: {} } };
}

function capabilitiesRequired(requiredCapabilities: JsonObject): TaskError {
  // eslint-disable-next-line no-restricted-syntax -- the words of the MCP SDK
  return new TaskError('CLIENT_CAPABILITY_REQUIRED', 'Missing required client capability', {
    details: { requiredCapabilities },
  });
}
