import { describeContract } from '../src/vitest.ts';
import { servedHarness } from './support/memory-harness.ts';

describeContract('a store that processes share', servedHarness());
