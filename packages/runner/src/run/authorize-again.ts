import type { TaskLayer } from '../core/task-layer.ts';
import type { HandlerHost } from '../handler/handler-host.ts';
import { authorizeRun } from './authorize-run.ts';

/**
 * Ask `authorize` again and again while a handler runs, if the author wants it (`authorizeEveryMs`), and call back once
 * when it refuses: the right of the caller was withdrawn.
 *
 * @returns stops.
 */
export function authorizeAgain(
  layer: TaskLayer,
  run: Pick<HandlerHost, 'owner' | 'entries' | 'tool' | 'inline' | 'taskId'>,
  refused: (thrown: unknown) => void,
): () => void {
  const { authorizeEveryMs } = layer.settings;
  if (authorizeEveryMs === undefined) return () => undefined;
  const { tool, entries, inline, taskId } = run;
  let isOver = false;
  let cancelTimer: () => void = () => undefined;
  const ask = async (): Promise<void> => {
    // No reader of events could look up the id of an inline run.
    const subject = inline ? {} : { taskId };
    await authorizeRun(layer, run, { tool: tool.name, arguments: entries.call.arguments, via: 'running', ...subject });
    if (!isOver) wait();
  };
  const wait = (): void => {
    cancelTimer = layer.clock.after(authorizeEveryMs, () => {
      ask().catch((thrown: unknown) => {
        if (!isOver) refused(thrown);
      });
    });
  };
  wait();
  return () => {
    isOver = true;
    cancelTimer();
  };
}
