import type { JsonValue } from '@mcp-tasks/wire';
import type { PromptMessage } from '../api/workflow-engine.ts';
import type { StepDefinition } from '../definition/definition.ts';
import { escapeControls, fenced, MAX_SHOWN_BYTES, quoted, shorten, shortJsonLine } from '../definition/shown-text.ts';
import { fill } from '../plan/fill.ts';
import { outputOf } from '../plan/outcome.ts';
import type { PlanStep } from '../plan/plan.ts';
import type { WorkflowNow } from '../plan/resolve.ts';
import { planStep, type WorkflowState } from '../plan/state.ts';

/** The request, the plan, and the outcome of each step that ran, as messages. */
export function conversation(now: WorkflowNow): readonly PromptMessage[] {
  const { definition } = now;
  const ran = definition.steps.flatMap((step) => {
    const present = planStep(now.state, step.name);
    const hasRun = present?.status === 'completed' || present?.status === 'failed';
    return hasRun ? stepMessages(now, step, present) : [];
  });
  return [
    say('user', intent(now.state)),
    ...(definition.instructions === undefined ? [] : [say('user', definition.instructions)]),
    say('assistant', planText(definition.steps)),
    ...ran,
  ];
}

/** A message of the conversation. */
export function say(role: PromptMessage['role'], text: string): PromptMessage {
  return { role, content: { type: 'text', text } };
}

function intent({ plan }: WorkflowState): string {
  const args = Object.entries(plan.arguments).map(
    ([name, value]) => `- ${name}: ${shortJsonLine(value, MAX_SHOWN_BYTES)}`,
  );
  const parameters = args.length === 0 ? [] : ['', 'Parameters:', ...args];
  return [plan.goal, ...parameters].join('\n');
}

function planText(steps: readonly StepDefinition[]): string {
  return ["Here's my plan:", '', ...steps.map((step, index) => `${index + 1}. ${planLine(step)}`)].join('\n');
}

function planLine({ name, toolName, tool, resources, client, question }: StepDefinition): string {
  const who = client ? ' (client)' : '';
  if (toolName !== undefined) {
    const description = tool?.options.description;
    return `${name}${who}: call ${toolName}${description === undefined ? '' : ` - ${escapeControls(description)}`}`;
  }
  if (client) return `${name}${who}: ${question === undefined ? 'to be done as its guidance says' : 'ask the person'}`;
  return `${name}: read ${resources.length === 1 ? 'a resource' : `${resources.length} resources`}`;
}

function stepMessages(now: WorkflowNow, step: StepDefinition, present: PlanStep): readonly PromptMessage[] {
  const record = now.state.recordOf(step.name);
  const guidance = step.guidance === undefined ? [] : [say('assistant', fill(now, step.guidance))];
  const read = (record?.resources ?? []).map(({ uri, text }) =>
    say('user', `Resource content from ${shorten(uri, MAX_SHOWN_BYTES)}:\n${fenced(text)}`),
  );
  return [
    ...guidance,
    say('assistant', announcement(step, record?.arguments ?? {})),
    ...read,
    ...outcome(present, outputOf(now.state, step.name)),
  ];
}

function announcement({ name, toolName, client }: StepDefinition, args: Readonly<Record<string, unknown>>): string {
  if (toolName !== undefined)
    return `Calling tool '${toolName}' with arguments:\n${fenced(JSON.stringify(args, null, 2))}`;
  return client ? `Asking for step '${name}' to be done` : `Reading resources for step '${name}'`;
}

function outcome({ status, error = '', tool }: PlanStep, value: JsonValue | undefined): readonly PromptMessage[] {
  if (status === 'failed') {
    return [
      say(
        'user',
        tool === undefined ? `Error in the step: ${quoted(error)}` : `Error executing tool: ${quoted(error)}`,
      ),
    ];
  }
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? null, null, 2);
  return [say('user', tool === undefined ? `Result:\n${fenced(text)}` : `Tool result:\n${fenced(text)}`)];
}
