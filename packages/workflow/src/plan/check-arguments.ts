import { argumentProblems } from '@mcp-tasks/runner/engine';
import type { CheckNeeded } from './match.ts';
import type { Mismatch } from './plan.ts';

/** Check the arguments of a step with the whole schema of its tool, and remember what came of it. */
export async function checkArguments(
  checked: Map<string, Mismatch | undefined>,
  { step, arguments: args }: CheckNeeded,
): Promise<void> {
  const problems = step.tool === undefined ? undefined : await argumentProblems(step.tool, args);
  checked.set(step.name, problems && { missingFields: problems.missing, illTypedFields: problems.illTyped });
}
