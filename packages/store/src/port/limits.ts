import type { OwnerLimits } from './task-store.ts';

/** Every limit of mcp-tasks; each can be set. Sizes are bytes of UTF-8 JSON text unless named otherwise. */
export interface TaskLimits extends OwnerLimits {
  /** Lifetime of a task that did not ask for one; default 1 h. */
  readonly defaultTtlMs: number;
  /**
   * Shortest lifetime: a shorter one, asked for by the client or set by a tool, becomes this one. Default 1 min, or
   * `maxTtlMs` where that is less. A task with a shorter life would leave the counts of the limits at once, and the
   * store only when it is swept.
   */
  readonly minTtlMs: number;
  /** Longest lifetime; a longer request is clamped. Default 24 h. */
  readonly maxTtlMs: number;
  /** Shortest time for which a result stays readable after completion; default 15 min. */
  readonly keepResultMs: number;
  /** Poll interval that the server tells clients; default 1 s. */
  readonly pollIntervalMs: number;
  readonly maxArgumentsBytes: number;
  readonly maxResultBytes: number;
  /** All variables of a task together. */
  readonly maxVariablesBytes: number;
  /** One string inside a variable. */
  readonly maxVariableStringBytes: number;
  /** Levels of arrays and objects around a value inside a variable. */
  readonly maxVariableDepth: number;
  readonly maxCheckpointBytes: number;
  readonly maxCheckpoints: number;
  readonly maxOpenQuestions: number;
  /**
   * Longer ones are cut: the status message, and the message of progress. At most 1 KiB, the default: they are in the
   * head.
   */
  readonly maxStatusMessageBytes: number;
  readonly maxIdempotencyKeyCharacters: number;
  /** At most 1 KiB: the owner is in the head. */
  readonly maxOwnerBytes: number;
  readonly maxCallerBytes: number;
}

const KiB = 1024;
const MiB = 1024 * KiB;
const MINUTE_MS = 60_000;

/** The limits that apply where the caller sets none. */
export const DEFAULT_LIMITS: TaskLimits = {
  maxActiveTasks: 100,
  maxStoredTasks: 1_000,
  maxStoredBytes: 256 * MiB,
  defaultTtlMs: 60 * MINUTE_MS,
  minTtlMs: MINUTE_MS,
  maxTtlMs: 24 * 60 * MINUTE_MS,
  keepResultMs: 15 * MINUTE_MS,
  pollIntervalMs: 1_000,
  maxArgumentsBytes: MiB,
  maxResultBytes: 4 * MiB,
  maxVariablesBytes: MiB,
  maxVariableStringBytes: 64 * KiB,
  maxVariableDepth: 10,
  maxCheckpointBytes: MiB,
  maxCheckpoints: 10_000,
  maxOpenQuestions: 16,
  maxStatusMessageBytes: KiB,
  maxIdempotencyKeyCharacters: 256,
  maxOwnerBytes: 512,
  maxCallerBytes: 8 * KiB,
};
