import { styleText } from 'node:util';
import type { WorkflowMeta, WorkflowStepStatus } from '@mcp-tasks/wire';

/** Where the demo writes; `process.stdout` is one. */
export interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Shows the steps of a workflow as they change. */
export interface StepView {
  show(meta: WorkflowMeta): void;
}

const LOOKS: Readonly<Record<WorkflowStepStatus, readonly [mark: string, style: Parameters<typeof styleText>[0]]>> = {
  pending: ['·', 'dim'],
  running: ['▶', 'cyan'],
  completed: ['✔', 'green'],
  failed: ['✘', 'red'],
  skipped: ['–', 'dim'],
};

/** One line for each step that got further since it was last shown; with marks and colours on a terminal. */
export function stepView(output: Output): StepView {
  const shown = new Map<string, WorkflowStepStatus>();
  return {
    show({ steps }) {
      for (const { name, status } of steps) {
        if ((shown.get(name) ?? 'pending') === status) continue;
        shown.set(name, status);
        output.write(`  ${line(output, name, status)}\n`);
      }
    },
  };
}

function line({ isTTY }: Output, name: string, status: WorkflowStepStatus): string {
  if (isTTY !== true) return `${name}: ${status}`;
  const [mark, style] = LOOKS[status];
  return `${styleText(style, mark)} ${name} ${styleText('dim', status)}`;
}

/** Write a text that is not ours, set off from what is. */
export function writeQuoted(output: Output, text: string): void {
  for (const item of text.split('\n')) {
    const quoted = output.isTTY === true ? styleText('dim', `│ ${item}`) : `| ${item}`;
    output.write(`  ${quoted.trimEnd()}\n`);
  }
}
