import { utf8Bytes } from '@mcp-tasks/store/rules';
import type { CallToolResult, JsonValue, WorkflowStepState } from '@mcp-tasks/wire';
import { MAX_SHOWN_BYTES, shortJsonLine } from '../definition/shown-text.ts';
import { outputOf } from './outcome.ts';
import type { Plan } from './plan.ts';
import type { WorkflowState } from './state.ts';

/** The steps of a plan as clients see them. */
export function stepStates({ steps }: Plan): WorkflowStepState[] {
  return steps.map(({ name, tool, status }) => ({ name, ...(tool !== undefined && { tool }), status }));
}

/**
 * The result of a finished workflow. Its text has the outputs too, if there is room: a model may read texts alone. While
 * it is over the limit, the largest output is replaced by a marker
 * `{ omitted: true, bytes }`: it stays stored with its step.
 */
export function completionOf(state: WorkflowState, maxResultBytes: number): { result: CallToolResult; json: string } {
  const { plan } = state;
  const outputs = new Map<string, JsonValue>();
  for (const { name } of plan.steps) {
    const value = outputOf(state, name);
    if (value !== undefined) outputs.set(name, value);
  }
  const bySize = [...outputs]
    .map(([name, value]) => ({ name, bytes: utf8Bytes(JSON.stringify(value)) }))
    .sort((left, right) => right.bytes - left.bytes);
  const told = resultOf(plan, outputs, MAX_SHOWN_BYTES);
  if (utf8Bytes(told.json) <= maxResultBytes) return told;
  for (const { name, bytes } of bySize) {
    const made = resultOf(plan, outputs, 0);
    if (utf8Bytes(made.json) <= maxResultBytes) return made;
    outputs.set(name, { omitted: true, bytes });
  }
  return resultOf(plan, outputs, 0);
}

/** @param maxShownBytes - of each output in the text; 0 = none. */
function resultOf(
  plan: Plan,
  outputs: ReadonlyMap<string, JsonValue>,
  maxShownBytes: number,
): { result: CallToolResult; json: string } {
  const completed = plan.steps.filter(({ status }) => status === 'completed').length;
  const skipped = plan.steps.length - completed;
  const skippedText = skipped === 0 ? '' : `, ${skipped} skipped`;
  const lines = plan.steps.map(({ name, status }, index) => {
    const output = outputs.get(name);
    const came = output === undefined || maxShownBytes === 0 ? '' : `: ${shortJsonLine(output, maxShownBytes)}`;
    return `${index + 1}. ${name}: ${status}${came}`;
  });
  const text = [`Workflow ${plan.workflow} is done: ${completed} steps completed${skippedText}.`, ...lines].join('\n');
  const structuredContent = {
    workflow: plan.workflow,
    steps: stepStates(plan),
    outputs: Object.fromEntries(outputs),
  };
  const result: CallToolResult = { content: [{ type: 'text', text }], structuredContent };
  return { result, json: JSON.stringify(result) };
}
