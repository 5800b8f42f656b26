import type { Tasks } from '@mcp-tasks/runner';
import type { JsonObject } from '@mcp-tasks/wire';
import type { StepDefinition } from './definition.ts';
import type { Origin } from './reference.ts';

/** The workflow as far as it is defined when a step is added. */
export interface DefinedSoFar {
  readonly tasks: Tasks;
  readonly origin: Origin;
  /** JSON Schema of the prompt arguments; absent when there are none. */
  readonly argumentsSchema: JsonObject | undefined;
  readonly steps: ReadonlyMap<string, StepDefinition>;
  readonly isCompanion: (tool: string) => boolean;
  readonly canReadResources: boolean;
  readonly stepTimeoutMs: number;
}

/** Makes the error about a step from what is wrong. */
export type Fail = (problem: string) => TypeError;

/** The schema of what takes no arguments. */
export const NO_ARGUMENTS: JsonObject = { type: 'object', properties: {}, additionalProperties: false };

/** Quoted names in brackets, if there are any. */
export function listed(verb: string, names: readonly string[]): string {
  return names.length === 0 ? '' : ` (${verb} ${names.map((name) => `"${name}"`).join(', ')})`;
}
