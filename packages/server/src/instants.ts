import type { TaskHead } from '@mcp-tasks/store';

// One request shows the instant of the one before more often than not.
let latestMs = NaN;
let latestText = '';

function toIso(ms: number): string {
  if (ms !== latestMs) {
    latestText = new Date(ms).toISOString();
    latestMs = ms;
  }
  return latestText;
}

/** The two instants that both generations show, as ISO 8601. */
export function instantsOf(head: TaskHead): { createdAt: string; lastUpdatedAt: string } {
  return { createdAt: toIso(head.createdAtMs), lastUpdatedAt: toIso(head.lastUpdatedAtMs) };
}
