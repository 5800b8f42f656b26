import { escapeHidden } from '@mcp-tasks/runner/engine';
import { cutUtf8 } from '@mcp-tasks/store/rules';
import { isJsonObject, JSON_RPC_ERROR } from '@mcp-tasks/wire';
import type { JSONRPCErrorResponse } from '@modelcontextprotocol/server';

/** Longest text of a validator that is taken apart, in bytes. */
const MAX_TEXT_CHARACTERS = 64 * 1024;
const MAX_ISSUES = 10;
const MAX_MESSAGE_BYTES = 1024;

/**
 * Answer params that do not fit a method of the SDK as what they are. The SDK calls them a fault of its own (-32603),
 * in the words of its validator: a list of issues as JSON, whose paths begin with `params`.
 *
 * @see JSON-RPC 2.0, "Error object"
 */
export function asInvalidParams(response: JSONRPCErrorResponse): JSONRPCErrorResponse {
  const { code, message } = response.error;
  if (code !== JSON_RPC_ERROR.INTERNAL_ERROR || !message.startsWith('[')) return response;
  const problems = problemsOf(message);
  if (problems === undefined) return response;
  const text = escapeHidden(cutUtf8(`Invalid params: ${problems.join('; ')}`, MAX_MESSAGE_BYTES));
  const error = { code: JSON_RPC_ERROR.INVALID_PARAMS, message: text, data: { code: 'INVALID_ARGUMENTS' } };
  return { ...response, error };
}

/** The first issues in words; undefined for a text that is none of the validator's on params. */
function problemsOf(text: string): readonly string[] | undefined {
  if (text.length > MAX_TEXT_CHARACTERS) return isCutList(text) ? ['they do not fit in many places'] : undefined;
  let issues: unknown;
  try {
    issues = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(issues) || issues.length === 0 || !issues.every(isAboutParams)) return undefined;
  return issues.slice(0, MAX_ISSUES).map(({ path: [, ...path], message }) => {
    const field = path.map(String).join('.');
    return field === '' ? message : `${field}: ${message}`;
  });
}

function isCutList(text: string): boolean {
  return /^\[\s{1,8}\{[^[\]]{1,512}"path": \[\s{1,16}"params"/.test(text.slice(0, MAX_MESSAGE_BYTES));
}

function isAboutParams(issue: unknown): issue is { readonly path: readonly unknown[]; readonly message: string } {
  if (!isJsonObject(issue)) return false;
  const { path, message } = issue;
  return Array.isArray(path) && path[0] === 'params' && typeof message === 'string';
}
