import type { OwnerLimits } from '@mcp-tasks/store';

/** Small, so that calls meet: at limits, under keys, and on tasks. */
export const MODEL_LIMITS: OwnerLimits = { maxActiveTasks: 5, maxStoredTasks: 8, maxStoredBytes: 240 };

/** Longest time between two rounds; lifetimes and leases are some rounds long. */
export const STEP_MS = 8_000;
/** Shortest lease. A store may remember a claim for as long as its lease, on the machine's clock. */
export const LEASE_MS = 5_000;

export const HANDLERS = ['tool', 'other'];
export const QUEUES = ['', 'engine'];
export const HOLDERS = ['process-1', 'process-2'];
export const JOIN_KEYS = ['join', 'other'];
