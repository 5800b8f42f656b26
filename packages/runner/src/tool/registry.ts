import { TaskError } from '@mcp-tasks/store';
import { checkOptions, option, type OptionTableOf, TASK_SUPPORTS } from '@mcp-tasks/wire';
import type { TaskTool, ToolOptions } from '../api/tool.ts';
import { checkName } from './names.ts';
import { checkQuestion } from './question-form.ts';
import { isAuthorSchema, notSchema, objectProblem, schemaProblem } from './schema-problem.ts';

const TOOL_OPTIONS: OptionTableOf<ToolOptions> = {
  title: option.text,
  description: option.text,
  inputSchema: option.any,
  outputSchema: option.any,
  annotations: option.object,
  icons: option.list,
  _meta: option.object,
  scopeChallenge: option.callback,
  taskSupport: option.choice(...TASK_SUPPORTS),
  ttlMs: option.integer(1),
  keepResultMs: option.integer(0),
  pollIntervalMs: option.integer(1),
  timeoutMs: option.integer(1),
  onCrash: option.choice('fail', 'rerun'),
  maxCrashes: option.integer(1),
  ask: option.object,
  variables: option.any,
  idempotencyKey: option.callback,
  immediateResponse: option.text,
};

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
    checkToolOptions(`Tool "${name}"`, options);
    if (typeof tool.handler !== 'function') throw new TypeError(`Tool "${name}": the handler must be a function.`);
    checkSchemas(`Tool "${name}"`, options);
    checkAsk(`Tool "${name}"`, options);
    this.#tools.set(name, tool);
  }
}

function checkToolOptions(where: string, options: unknown): void {
  if (options === undefined) throw new TypeError(`${where}: the options must be an object; give {} for none.`);
  checkOptions(where, options, TOOL_OPTIONS);
}

/** The schemas of a tool: whose side clients see, and whether it has to be one of objects. */
const SCHEMAS = [
  { field: 'inputSchema', side: 'input', isObject: true },
  { field: 'outputSchema', side: 'output', isObject: false },
  { field: 'variables', side: 'input', isObject: true },
] as const;

function checkSchemas(where: string, options: ToolOptions): void {
  for (const { field, side, isObject } of SCHEMAS) {
    const schema: unknown = options[field];
    if (schema === undefined) continue;
    if (!isAuthorSchema(schema)) throw new TypeError(`${where}: ${field} ${notSchema(schema)}.`);
    const problem = schemaProblem(schema, side) ?? (isObject ? objectProblem(schema, side) : undefined);
    if (problem !== undefined) throw new TypeError(`${where}: ${field} ${problem}.`);
  }
}

function checkAsk(where: string, { ask = {} }: ToolOptions): void {
  for (const [key, question] of Object.entries(ask)) {
    checkName(`${where}: the key of an ask question`, key);
    checkQuestion(`${where}: Question "${key}"`, question);
  }
}
