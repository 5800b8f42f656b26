import { copiesMixed } from '@mcp-tasks/store/rules';
import { McpServer } from '@modelcontextprotocol/server';
import { serverProblem } from './server-problem.ts';

/**
 * Refuse what is not a server of the SDK.
 *
 * The SDK has one copy for `import` and one for `require`, and so has this package: it serves the servers of the copy
 * that it meets itself.
 *
 * @param must - begins the message, such as `attach must be given`.
 * @throws {TypeError} it is something else: the message says what, and what to do. @throws {TaskError} COPIES_MIXED - it is a server of another copy.
 */
export function checkServer(mcp: McpServer, must: string): void {
  if (mcp instanceof McpServer) return;
  const other = isServer(mcp) ? fileOf(mcp) : undefined;
  if (other !== undefined) throw copiesMixed('The McpServer', other, fileOf(McpServer.prototype));
  const problem = serverProblem(mcp) ?? 'it is none';
  throw new TypeError(`${must} an McpServer of "@modelcontextprotocol/server": ${problem}.`);
}

/** Tell a server of version 2 of the SDK by its methods. Those of version 1 also have `tool`. */
function isServer(value: unknown): value is McpServer {
  if (typeof value !== 'object' || value === null) return false;
  return 'registerTool' in value && 'isConnected' in value && !('tool' in value);
}

/** The file of the SDK in which the class of a server stands: a method of it is called, and its caller looked at. */
function fileOf(mcp: McpServer): string | undefined {
  let file: string | undefined;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- it is put back as it was
  const { prepareStackTrace } = Error;
  const probe = {
    get server() {
      // The text of a stack names sources where source maps are on, and those are the same for both copies.
      Error.prepareStackTrace = (_error, [, caller]) => (file = caller?.getFileName() ?? undefined);
      return new Error('Its stack is looked at.').stack;
    },
  };
  try {
    mcp.isConnected.call(probe);
  } catch {
    // A method that does something else names no file.
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
  return file;
}
