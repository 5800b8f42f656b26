import { TaskError } from '@mcp-tasks/store';
import { describe, expect, it } from 'vitest';
import { callMode, type CallModeInput } from '../../src/call/call-mode.ts';

type Row = [
  support: CallModeInput['support'],
  generation: CallModeInput['generation'],
  asksForTask: boolean,
  owner: CallModeInput['owner'],
  expected: string,
];

const V2025 = '2025-11-25';
const V2026 = '2026-07-28';

/** Section by section: what the protocol says, then what a caller without an owner gets. */
const TABLE: readonly Row[] = [
  ['forbidden', V2025, false, 'owner', 'inline'],
  ['forbidden', V2025, true, 'owner', 'TASK_NOT_SUPPORTED'],
  ['forbidden', V2026, false, 'owner', 'inline'],
  ['forbidden', V2026, true, 'owner', 'inline'],
  ['optional', V2025, false, 'owner', 'inline'],
  ['optional', V2025, true, 'owner', 'task'],
  ['optional', V2026, false, 'owner', 'inline'],
  ['optional', V2026, true, 'owner', 'task'],
  ['required', V2025, false, 'owner', 'TASK_REQUIRED'],
  ['required', V2025, true, 'owner', 'task'],
  ['required', V2026, false, 'owner', 'CLIENT_CAPABILITY_REQUIRED'],
  ['required', V2026, true, 'owner', 'task'],
  ['optional', V2025, true, 'anonymous', 'task'],
  ['optional', V2026, true, 'anonymous', 'task'],
  ['forbidden', V2025, true, 'refused', 'inline'],
  ['optional', V2025, true, 'refused', 'inline'],
  ['optional', V2026, true, 'refused', 'inline'],
  ['required', V2025, true, 'refused', 'TASK_OWNER_REQUIRED'],
  ['required', V2025, false, 'refused', 'TASK_OWNER_REQUIRED'],
  ['required', V2026, true, 'refused', 'TASK_OWNER_REQUIRED'],
  ['required', V2026, false, 'refused', 'TASK_OWNER_REQUIRED'],
];

describe('how a call of a task tool is served', () => {
  it.each(TABLE)('[TYPE-08] %s in %s, asks for a task: %s, caller: %s -> %s', (...row) => {
    const [support, generation, asksForTask, owner, expected] = row;
    const mode = callMode({ tool: 'tool', support, generation, asksForTask, owner });
    expect(mode instanceof TaskError ? mode.code : mode).toBe(expected);
  });
});
