import type { AuthorSchema, TaskTool } from '@mcp-tasks/runner';
import type { JsonObject, JsonValue } from '@mcp-tasks/wire';
import type { Workflow } from '../api/workflow-engine.ts';
import type { ReadResource } from '../api/workflow-options.ts';
import { type ArgumentBindings, sourcesOf } from './binding.ts';
import type { ValueSource } from './source.ts';
import type { Template } from './template.ts';

/** When a step is run; else it is skipped. */
export interface Condition {
  readonly source: ValueSource;
  readonly test: 'truthy' | 'is' | 'isNot';
  /** The value that it is compared with, as JSON. */
  readonly value?: JsonValue | undefined;
}

/** A step as it was checked at registration. */
export interface StepDefinition {
  readonly name: string;
  /** Only the client can do it. */
  readonly client: boolean;
  /** Name of the tool; absent for a step that calls none. */
  readonly toolName?: string | undefined;
  /** The registered tool; absent when the client alone has it. */
  readonly tool?: TaskTool | undefined;
  readonly arguments: ArgumentBindings;
  readonly guidance?: Template | undefined;
  readonly resources: readonly Template[];
  readonly retryable: boolean;
  readonly when?: Condition | undefined;
  readonly after: readonly string[];
  readonly question?: { readonly message: Template; readonly schema: AuthorSchema } | undefined;
  readonly timeoutMs: number;
  /**
   * JSON Schema of what the step comes to, where it is known: tells a field that may be absent from one that is not
   * there.
   */
  readonly outputSchema?: JsonObject | undefined;
}

/** A workflow as it was checked at registration. */
export interface WorkflowDefinition {
  readonly workflow: Workflow;
  readonly instructions?: string | undefined;
  readonly keepResultMs?: number | undefined;
  readonly readResource?: ReadResource | undefined;
  readonly steps: readonly StepDefinition[];
  /** Changes whenever a change of the definition may matter to a stored plan. */
  readonly fingerprint: string;
}

/** The step of this name, if the workflow has it. */
export function stepNamed(definition: WorkflowDefinition, name: string): StepDefinition | undefined {
  return definition.steps.find((step) => step.name === name);
}

/** Everything from which a step is made, by what of the step is made from it. */
export function sourcesOfStep(
  step: StepDefinition,
): readonly { readonly part: string; readonly source: ValueSource }[] {
  const inTemplate = (part: string, { parts }: Template) =>
    parts.flatMap((item) => (typeof item === 'string' ? [] : [{ part, source: item.source }]));
  return [
    ...step.arguments.flatMap(([name, binding]) =>
      sourcesOf(binding).map((source) => ({ part: `argument "${name}"`, source })),
    ),
    ...step.resources.flatMap((template) => inTemplate('`resources`', template)),
    ...(step.question === undefined ? [] : inTemplate('`elicit`', step.question.message)),
  ];
}
