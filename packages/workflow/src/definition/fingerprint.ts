import { createHash } from 'node:crypto';
import type { StepDefinition } from './definition.ts';

/** A short text that changes whenever steps change in a way that may matter to a stored plan. */
export function fingerprintOf(steps: readonly StepDefinition[]): string {
  const relevant = steps.map((step) => {
    const { name, client, toolName, arguments: args, resources, retryable, when, after, question } = step;
    return [name, client, toolName, args, resources, retryable, when, after, question?.message];
  });
  return createHash('sha256').update(JSON.stringify(relevant)).digest('base64url').slice(0, 16);
}
