import type { Tasks } from '@mcp-tasks/runner';
import { registerAskingTools } from './asking.ts';
import { registerPlainTools } from './plain.ts';
import { registerRecordingTools } from './recording.ts';

/** Settings of the tools beside their arguments. */
export interface ToolSettings {
  /** Where `count_steps` writes its files; without it the tool refuses. */
  readonly countDirectory: string | undefined;
}

/** Register every tool of the server. */
export function registerTools(tasks: Tasks, settings: ToolSettings): void {
  registerPlainTools(tasks);
  registerAskingTools(tasks);
  registerRecordingTools(tasks, settings.countDirectory);
}
