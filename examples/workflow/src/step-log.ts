import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** One beginning of a step. */
export interface BegunStep {
  readonly taskId: string;
  readonly step: string;
}

/** The steps that were begun so far, in order, as the tools wrote them down before they did anything else. */
export function readBegunSteps(folder: string): readonly BegunStep[] {
  const file = path.join(folder, 'steps.log');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  return lines.map((line) => {
    const [taskId = '', step = ''] = line.split(' ');
    return { taskId, step };
  });
}
