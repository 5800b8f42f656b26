import { McpServer } from '@modelcontextprotocol/server';

/**
 * Say why a value cannot be served and what to do; `undefined` when it is an `McpServer` of this copy of the SDK. The
 * text ends without a period.
 */
export function serverProblem(value: unknown): string | undefined {
  if (value instanceof McpServer) return undefined;
  if (value === undefined || value === null) return `it returned ${String(value)}; end it with \`return server\``;
  if (typeof value !== 'object') return `it returned a ${typeof value}`;
  // Only version 1 has `tool` and `prompt` beside `registerTool`.
  if ('registerTool' in value && 'tool' in value && 'prompt' in value) {
    return (
      'this McpServer is of version 1 of the SDK ("@modelcontextprotocol/sdk"); ' +
      'import McpServer from "@modelcontextprotocol/server" instead'
    );
  }
  if ('registerTool' in value && 'connect' in value) {
    return (
      'this McpServer is of another copy of the SDK; install "@modelcontextprotocol/server" once, ' +
      'and load it everywhere by `import` or everywhere by `require`'
    );
  }
  if ('setRequestHandler' in value) return "this is the SDK's low-level Server; return the McpServer around it";
  return `it returned an object of class ${value.constructor.name}`;
}
