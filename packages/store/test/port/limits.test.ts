import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/index.ts';

describe('DEFAULT_LIMITS', () => {
  it('[SEC-04] [SEC-05] [SEC-06] [STOR-07] are what the documentation says', () => {
    expect(DEFAULT_LIMITS).toEqual({
      maxActiveTasks: 100,
      maxStoredTasks: 1_000,
      maxStoredBytes: 268_435_456,
      defaultTtlMs: 3_600_000,
      minTtlMs: 60_000,
      maxTtlMs: 86_400_000,
      keepResultMs: 900_000,
      pollIntervalMs: 1_000,
      maxArgumentsBytes: 1_048_576,
      maxResultBytes: 4_194_304,
      maxVariablesBytes: 1_048_576,
      maxVariableStringBytes: 65_536,
      maxVariableDepth: 10,
      maxCheckpointBytes: 1_048_576,
      maxCheckpoints: 10_000,
      maxOpenQuestions: 16,
      maxStatusMessageBytes: 1_024,
      maxIdempotencyKeyCharacters: 256,
      maxOwnerBytes: 512,
      maxCallerBytes: 8_192,
    });
  });
});
