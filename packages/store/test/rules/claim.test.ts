import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { claimPatch } from '../../src/index.ts';
import { crashFailure, suspectCrashCount } from '../../src/rules.ts';
import { newHead, T0_MS } from '../heads.ts';

const claim = { holder: 'here', leaseMs: 20_000, nowMs: T0_MS + 5 };

describe('claimPatch', () => {
  it('[DURA-07] gives a queued task its next attempt, the holder, the lease and the present', () => {
    expect(claimPatch(newHead({ attempt: 4, crashCount: 1 }), claim)).toEqual({
      attempt: 5,
      crashCount: 1,
      holder: 'here',
      dueAtMs: T0_MS + 20_005,
      lastUpdatedAtMs: T0_MS + 5,
    });
  });

  it.each([
    { title: 'counts a crash where another process held the task', holder: 'there', crashCount: 3 },
    { title: 'counts none where this process held it', holder: 'here', crashCount: 2 },
    { title: 'counts none where no process held it', holder: undefined, crashCount: 2 },
  ])('[DURA-03] $title', ({ holder, crashCount }) => {
    expect(claimPatch(newHead({ attempt: 2, crashCount: 2, holder }), claim)).toMatchObject({ attempt: 3, crashCount });
  });

  it('[DURA-07] never moves the last change back, for a process whose clock is behind', () => {
    const head = newHead({ lastUpdatedAtMs: T0_MS + 9 });
    expect(claimPatch(head, claim)).toMatchObject({ lastUpdatedAtMs: T0_MS + 9, dueAtMs: T0_MS + 20_005 });
  });
});

describe('crashFailure', () => {
  it.each([
    { onCrash: 'fail', crashCount: 0, message: undefined },
    { onCrash: 'fail', crashCount: 1, message: 'The task was interrupted: the process that ran it stopped.' },
    { onCrash: 'rerun', crashCount: 0, message: undefined },
    { onCrash: 'rerun', crashCount: 2, message: undefined },
    { onCrash: 'rerun', crashCount: 3, message: 'The task was interrupted: its process stopped 3 times in a row.' },
    { onCrash: 'rerun', crashCount: 4, message: 'The task was interrupted: its process stopped 4 times in a row.' },
  ] as const)('[DURA-03] says of a $onCrash task after $crashCount of 3 crashes: $message', (row) => {
    const failure = crashFailure(newHead({ crashCount: row.crashCount }), { onCrash: row.onCrash, maxCrashes: 3 });
    const { message } = row;
    expect(failure).toEqual(message && { code: -32603, message, data: { code: 'TASK_INTERRUPTED' } });
  });

  it('[DURA-03] lets a fail task that was given back run again', () => {
    const head = newHead({ attempt: 3, crashCount: 0 });
    expect(crashFailure(head, { onCrash: 'fail', maxCrashes: 3 })).toBeUndefined();
  });
});

describe('suspectCrashCount', () => {
  it('[DURA-03] is never set for a fail task, which does not run again', () => {
    expect(suspectCrashCount({ onCrash: 'fail', maxCrashes: 3 })).toBeUndefined();
  });

  it('[DURA-03] makes a task a suspect when it has crashed and its next crash would be its last', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.nat({ max: 20 }), (maxCrashes, crashCount) => {
        const policy = { onCrash: 'rerun' as const, maxCrashes };
        const isSuspect = crashCount >= (suspectCrashCount(policy) ?? Infinity);
        const isLast = crashFailure(newHead({ crashCount: crashCount + 1 }), policy) !== undefined;
        expect(isSuspect).toBe(crashCount > 0 && isLast);
      }),
    );
  });
});
