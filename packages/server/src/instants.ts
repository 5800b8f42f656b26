import type { TaskHead } from '@mcp-tasks/store';

/** The two instants that both generations show, as ISO 8601. */
export function instantsOf({ createdAtMs, lastUpdatedAtMs }: TaskHead): { createdAt: string; lastUpdatedAt: string } {
  const createdAt = new Date(createdAtMs).toISOString();
  const lastUpdatedAt = lastUpdatedAtMs === createdAtMs ? createdAt : new Date(lastUpdatedAtMs).toISOString();
  return { createdAt, lastUpdatedAt };
}
