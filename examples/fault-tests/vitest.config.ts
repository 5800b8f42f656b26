import { defineProject, mergeConfig } from 'vitest/config';
import shared from '../../vitest.shared.ts';

// Each file loads the machine with servers of its own: one after the other.
export default mergeConfig(
  shared,
  defineProject({ test: { name: 'fault-tests', fileParallelism: false, testTimeout: 600_000, hookTimeout: 120_000 } }),
);
