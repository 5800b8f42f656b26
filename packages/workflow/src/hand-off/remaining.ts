import type { TaskTool } from '@mcp-tasks/runner';
import type { WorkflowPause, WorkflowRemainingStep } from '@mcp-tasks/wire';
import { fieldOf, knownJsonSchema, listedProperties } from '../definition/json-schema.ts';
import { fill } from '../plan/fill.ts';
import { resolveArguments, type WorkflowNow } from '../plan/resolve.ts';
import { standings, type StepView } from '../plan/standing.ts';

/**
 * The steps that the client has to do, or may mend, in the order of the plan: one structure for the text and for
 * `_meta`.
 */
export function remainingSteps(now: WorkflowNow): WorkflowRemainingStep[] {
  return standings(now)
    .filter((view) => isForClient(now, view))
    .map(({ step, standing }) => {
      const { shown, unresolved } = resolveArguments(now, step);
      const unsaid = requiredFields(step.tool).filter((name) => !Object.hasOwn(shown, name));
      const unknown = [...unresolved.keys(), ...unsaid];
      const advice = step.guidance ?? step.question?.message;
      return {
        step: step.name,
        ...(step.toolName !== undefined && { tool: step.toolName }),
        arguments: { ...shown, ...Object.fromEntries(unsaid.map((name) => [name, `<${name}: yours to say>`])) },
        ...(advice !== undefined && { guidance: fill(now, advice) }),
        ...(unknown.length > 0 && { unresolved: unknown }),
        ...(standing.kind === 'blocked' && { pause: standing.pause }),
      };
    });
}

/** The arguments that a tool cannot do without, where it says so. */
function requiredFields(tool: TaskTool | undefined): readonly string[] {
  const schema = knownJsonSchema(tool?.options.inputSchema);
  return Object.keys(listedProperties(schema) ?? {}).filter((name) => fieldOf(schema, name) === 'required');
}

/** Blocked steps, and those of the client that are not done. Steps of the server that merely wait are not. */
function isForClient({ state }: WorkflowNow, { step, standing }: StepView): boolean {
  if (standing.kind === 'blocked') return true;
  if (!step.client || state.isAnswered(step.name)) return false;
  return standing.kind === 'waiting' || standing.kind === 'ready';
}

/** The first reason why a workflow does not go on by itself. */
export function firstPause(remaining: readonly WorkflowRemainingStep[]): WorkflowPause | undefined {
  return remaining.find(({ pause }) => pause !== undefined)?.pause;
}
