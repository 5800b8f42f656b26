import type { IllTypedField, JsonObject } from '@mcp-tasks/wire';
import type { TaskTool } from '../api/tool.ts';
import { parseWith, valueIssues } from '../tool/parse-with.ts';

/** Faults of arguments: the first 100 of them. */
export interface ArgumentProblems {
  /** Every required field that is missing, as a path. */
  readonly missing: readonly string[];
  /**
   * Every other field that does not fit; the name of the field is empty when the fault is in the arguments as a whole.
   */
  readonly illTyped: readonly IllTypedField[];
}

/** Check arguments with the whole input schema of a tool, as its call does; `undefined` when they fit. */
export async function argumentProblems(tool: TaskTool, args: JsonObject): Promise<ArgumentProblems | undefined> {
  const { inputSchema } = tool.options;
  if (inputSchema === undefined) return undefined;
  const { issues } = await parseWith(inputSchema, args);
  if (issues === undefined) return undefined;
  const missing = new Set<string>();
  const illTyped: IllTypedField[] = [];
  for (const { keys, field, message } of valueIssues(issues)) {
    if (keys.length > 0 && valueAt(args, keys) === undefined) missing.add(field);
    else illTyped.push({ field, problem: message });
  }
  return { missing: [...missing], illTyped };
}

function valueAt(value: unknown, keys: readonly PropertyKey[]): unknown {
  return keys.reduce<unknown>((present, key) => {
    if (typeof present !== 'object' || present === null || !Object.hasOwn(present, key)) return undefined;
    return (present as Record<PropertyKey, unknown>)[key];
  }, value);
}
