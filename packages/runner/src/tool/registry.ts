import { TaskError } from '@mcp-tasks/store';
import { TASK_SUPPORTS } from '@mcp-tasks/wire';
import type { TaskTool, ToolOptions } from '../api/tool.ts';
import { checkInteger } from './check-integer.ts';
import { checkName } from './names.ts';
import { askRequests } from './question-form.ts';

const TASK_SUPPORT: readonly unknown[] = [...TASK_SUPPORTS, undefined];
const ON_CRASH: readonly unknown[] = ['fail', 'rerun', undefined];

/** The tools of one task layer, by name. */
export class ToolRegistry {
  readonly #tools = new Map<string, TaskTool>();

  get tools(): ReadonlyMap<string, TaskTool> {
    return this.#tools;
  }

  /** Look up a tool. @throws {TaskError} TOOL_NOT_FOUND */
  get(name: string): TaskTool {
    const tool = this.#tools.get(name);
    if (tool !== undefined) return tool;
    // eslint-disable-next-line no-restricted-syntax -- the words of the MCP SDK
    throw new TaskError('TOOL_NOT_FOUND', `Tool ${name} not found`, { details: { tool: name } });
  }

  /**
   * Add a tool. @throws {TypeError} the name is taken, or an option has the wrong type; {RangeError} one is out of
   * range.
   */
  add(tool: TaskTool): void {
    const { name, options } = tool;
    checkName('The tool name', name);
    if (this.#tools.has(name)) throw new TypeError(`Tool "${name}" is registered already.`);
    if (typeof tool.handler !== 'function') throw new TypeError(`Tool "${name}": the handler must be a function.`);
    checkToolOptions(`Tool "${name}": `, options);
    for (const key of Object.keys(askRequests(tool))) checkName(`Tool "${name}": the key of an ask question`, key);
    this.#tools.set(name, tool);
  }
}

function checkToolOptions(prefix: string, options: ToolOptions): void {
  const refuse = (what: string) => new TypeError(`${prefix}${what}.`);
  if (!TASK_SUPPORT.includes(options.taskSupport))
    throw refuse('taskSupport must be "forbidden", "optional" or "required"');
  if (!ON_CRASH.includes(options.onCrash)) throw refuse('onCrash must be "fail" or "rerun"');
  checkInteger(`${prefix}ttlMs`, options.ttlMs, 1);
  checkInteger(`${prefix}keepResultMs`, options.keepResultMs, 0);
  checkInteger(`${prefix}pollIntervalMs`, options.pollIntervalMs, 1);
  checkInteger(`${prefix}timeoutMs`, options.timeoutMs, 1);
  checkInteger(`${prefix}maxCrashes`, options.maxCrashes, 1);
  for (const field of ['inputSchema', 'outputSchema', 'variables'] as const) {
    const schema: unknown = options[field];
    if (schema !== undefined && !isAuthorSchema(schema)) {
      throw refuse(`${field} must be a Standard Schema with JSON Schema`);
    }
  }
  if (options.idempotencyKey !== undefined && typeof options.idempotencyKey !== 'function') {
    throw refuse('idempotencyKey must be a function of the arguments');
  }
}

function isAuthorSchema(schema: unknown): boolean {
  if (schema === null || (typeof schema !== 'object' && typeof schema !== 'function')) return false;
  const standard = (schema as { '~standard'?: { validate?: unknown; jsonSchema?: unknown } })['~standard'];
  return typeof standard?.validate === 'function' && typeof standard.jsonSchema === 'object';
}
