import { WORKFLOW_META_KEY, type WorkflowRemainingStep } from '@mcp-tasks/wire';
import { stepNamed } from '../definition/definition.ts';
import { jsonLine, oneLine, shortJsonLine } from '../definition/shown-text.ts';
import { outputOf } from '../plan/outcome.ts';
import { pauseSentence } from '../plan/pause-sentence.ts';
import type { WorkflowNow } from '../plan/resolve.ts';
import { standings } from '../plan/standing.ts';
import { firstPause } from './remaining.ts';

/** Of what a finished step gave, in bytes: enough to know it by. */
const MAX_OUTPUT_BYTES = 1024;

/** How the reader has results recorded: by a tool, by a program that names the task, or not at all. */
export type Continuing =
  | { readonly kind: 'tool'; readonly tool: string; readonly taskId: string }
  | { readonly kind: 'meta' }
  | { readonly kind: 'nothing-stored' };

/** Say how a model comes back to a workflow that goes on by itself, if by text it can. */
export function wayBack(how: Continuing): string | undefined {
  if (how.kind !== 'tool') return undefined;
  const { tool, taskId } = how;
  return `To wait for it, call ${tool} with ${jsonLine({ taskId })}: without a step it answers how far the workflow is, or its result.`;
}

/** The hand-off in plain language; made of what `_meta` says, and of nothing else. */
export function handOffText(now: WorkflowNow, remaining: readonly WorkflowRemainingStep[], how: Continuing): string {
  return [
    ...why(now, remaining),
    ...whatIsDone(now),
    ...whatRemains(remaining),
    ...whatFollows(now),
    ...howToContinue(now, remaining, how),
  ].join('\n');
}

function why({ definition, state }: WorkflowNow, remaining: readonly WorkflowRemainingStep[]): readonly string[] {
  const pause = firstPause(remaining);
  const { name } = definition.workflow;
  const running = state.plan.steps.filter(({ status }) => status === 'running').map((step) => `'${step.name}'`);
  const first =
    pause === undefined
      ? `Workflow '${name}' needs you.`
      : `Workflow '${name}' needs you. ${oneLine(pauseSentence(pause))}`;
  return running.length === 0 ? [first] : [first, `The server is still working on step ${running.join(', ')}.`];
}

/** The steps that the server does by itself once they can be done; the client leaves them alone. */
function whatFollows(now: WorkflowNow): readonly string[] {
  const names = standings(now).flatMap(({ step, standing }) => {
    const isTheirs = !step.client && (standing.kind === 'waiting' || standing.kind === 'ready');
    return isTheirs ? [`'${step.name}'`] : [];
  });
  if (names.length === 0) return [];
  return ['', `The server does ${names.join(', ')} by itself as soon as it can: leave that to it.`];
}

function whatIsDone({ state }: WorkflowNow): readonly string[] {
  const lines = state.plan.steps.flatMap(({ name, status }) => {
    if (status === 'skipped') return [`- ${name}: skipped`];
    if (status !== 'completed') return [];
    return [`- ${name}: ${shortJsonLine(outputOf(state, name) ?? null, MAX_OUTPUT_BYTES)}`];
  });
  return lines.length === 0 ? [] : ['', 'Done so far:', ...lines];
}

function whatRemains(remaining: readonly WorkflowRemainingStep[]): readonly string[] {
  const items = remaining.flatMap((item, index) => [
    `${index + 1}. ${callOf(item)}`,
    ...(item.tool === undefined ? [] : [`   Step: ${item.step}`]),
    ...notesOf(item).map((note) => `   Note: ${oneLine(note)}`),
  ]);
  return ['', 'To continue the workflow, do this, in order:', '', ...items];
}

function callOf({ step, tool, arguments: args, guidance }: WorkflowRemainingStep): string {
  if (tool !== undefined) return `Call ${tool} with ${jsonLine(args)}`;
  return `${step}: ${oneLine(guidance ?? 'do this step, and report what came of it')}`;
}

function notesOf({ tool, guidance, unresolved = [], pause }: WorkflowRemainingStep): readonly string[] {
  const advice = guidance === undefined || tool === undefined ? [] : [guidance];
  const placeholders =
    unresolved.length === 0 ? [] : [`Put in what <...> stands for once it is known: ${unresolved.join(', ')}.`];
  const reason =
    pause === undefined || pause.type === 'clientStep' ? [] : [pauseSentence(pause), ...mending(pause.type)];
  return [...advice, ...reason, ...placeholders];
}

/** Advice on a pause, beside the call itself. */
function mending(
  type: 'unresolvableParams' | 'schemaMismatch' | 'toolError' | 'unresolvedDependency',
): readonly string[] {
  switch (type) {
    case 'unresolvableParams':
    case 'schemaMismatch':
      return ['Make the call with arguments that fit.'];
    case 'unresolvedDependency':
      return ['Either get that step done first, or make this call with a value of your own.'];
    case 'toolError':
      return ['A call with other arguments is taken for this step when it names the step.'];
  }
}

/** How a step's result is recorded by tool: the tool makes the call, or is told what came of it. */
type Manner = 'made' | 'reported' | 'done';

const MANNERS: Readonly<Record<Manner, string>> = {
  made: 'it makes the call, with the arguments that you give it',
  reported: 'make the call yourself, then give its result as the arguments',
  done: 'do it yourself, then give what came of it as the arguments',
};

function mannerOf({ definition }: WorkflowNow, { step, tool }: WorkflowRemainingStep): Manner {
  if (tool === undefined) return 'done';
  return stepNamed(definition, step)?.tool === undefined ? 'reported' : 'made';
}

function howToContinue(
  now: WorkflowNow,
  remaining: readonly WorkflowRemainingStep[],
  how: Continuing,
): readonly string[] {
  if (how.kind === 'nothing-stored') {
    return ['', 'Nothing of this workflow is stored: use the results of these calls where later ones need them.'];
  }
  if (how.kind === 'meta') {
    const where = `in the _meta of its call, under "${WORKFLOW_META_KEY}"`;
    return ['', `To have a result recorded, name the workflow task and the step ${where}.`];
  }
  const { tool, taskId } = how;
  const manners = (['made', 'reported', 'done'] as const).flatMap((manner) => {
    const names = remaining.filter((item) => mannerOf(now, item) === manner).map(({ step }) => `'${step}'`);
    return names.length === 0 ? [] : [`- for ${names.join(', ')}: ${MANNERS[manner]}.`];
  });
  const examples = remaining.slice(0, 1).flatMap((item) => {
    const args = mannerOf(now, item) === 'made' ? item.arguments : { result: '<what came of it>' };
    return [
      `For the first: ${tool} with ${jsonLine({ taskId, step: item.step, arguments: args })}`,
      `A program may make a call itself, with ${jsonLine({ [WORKFLOW_META_KEY]: { taskId, step: item.step } })} in its _meta.`,
    ];
  });
  return ['', `Have each result recorded with the tool ${tool}, the taskId and the step:`, ...manners, ...examples];
}
