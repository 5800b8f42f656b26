import { createTasks } from '@mcp-tasks/runner';
import { serveTasks, type TaskApp } from '@mcp-tasks/server';
import type { TaskLimits } from '@mcp-tasks/store';
import { McpServer } from '@modelcontextprotocol/server';
import type { Environment } from './environment.ts';
import { openStore } from './stores.ts';
import { registerTools } from './tools/index.ts';
import { registerWorkflows } from './workflows/index.ts';

/** Build everything that the environment asks for; nothing is started or opened. */
export async function createApplication(environment: Environment): Promise<TaskApp> {
  const tasks = createTasks({
    store: await openStore(environment.STORE_URL),
    limits: limitsOf(environment),
    leaseMs: environment.LEASE_MS,
    parkAfterMs: environment.PARK_AFTER_MS,
    maxCrashes: environment.MAX_CRASHES,
    sweepIntervalMs: environment.SWEEP_INTERVAL_MS,
  });
  registerTools(tasks, { countDirectory: environment.COUNT_DIR });
  registerWorkflows(tasks, { stepMs: environment.STEP_MS });

  const createServer = () => new McpServer({ name: 'mcp-tasks-everything', version: '1.0.0' });
  // Without tokens callers cannot be told apart: anonymous callers share one owner, and a task's id is its key.
  return serveTasks(tasks, createServer, environment.TOKENS === undefined ? { anonymous: 'allow' } : {});
}

function limitsOf({
  MAX_ACTIVE_TASKS,
  DEFAULT_TTL_MS,
  MIN_TTL_MS,
  MAX_TTL_MS,
  POLL_INTERVAL_MS,
}: Environment): Partial<TaskLimits> {
  return {
    pollIntervalMs: POLL_INTERVAL_MS,
    // Clients that try the server out want to see tasks expire.
    minTtlMs: MIN_TTL_MS,
    ...(MAX_ACTIVE_TASKS !== undefined && { maxActiveTasks: MAX_ACTIVE_TASKS }),
    ...(DEFAULT_TTL_MS !== undefined && { defaultTtlMs: DEFAULT_TTL_MS }),
    ...(MAX_TTL_MS !== undefined && { maxTtlMs: MAX_TTL_MS }),
  };
}
