import { defineProject, mergeConfig } from 'vitest/config';
import shared from '../../vitest.shared.ts';

export default mergeConfig(
  shared,
  // Each write is flushed to the disk, file and folder, and most calls look at every task.
  defineProject({ test: { name: 'example-custom-store', testTimeout: 180_000 } }),
);
