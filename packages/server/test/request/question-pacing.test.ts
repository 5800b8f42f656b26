import { describe, expect, it } from 'vitest';
import { questionPacing } from '../../src/request/question-pacing.ts';

describe('pacing of questions', () => {
  const clockAt = (time: { nowMs: number }) => ({ nowMs: () => time.nowMs, after: () => () => undefined });

  it('lets a question go out once per interval', () => {
    const time = { nowMs: 0 };
    const pacing = questionPacing(clockAt(time));
    const asks = [0, 1, 999, 1_000, 1_001, 2_000].map((nowMs) => {
      time.nowMs = nowMs;
      return pacing.mayAsk('task', 'key', 1_000);
    });
    expect(asks).toEqual([true, false, false, true, false, true]);
  });

  it('keeps tasks and keys apart', () => {
    const pacing = questionPacing(clockAt({ nowMs: 0 }));
    const questions = [
      ['a', 'b'],
      ['a', 'c'],
      ['ab', ''],
      ['a', 'b'],
    ] as const;
    expect(questions.map(([taskId, key]) => pacing.mayAsk(taskId, key, 10))).toEqual([true, true, true, false]);
  });

  it('remembers no question whose interval is over', () => {
    const time = { nowMs: 0 };
    const pacing = questionPacing(clockAt(time));
    for (let n = 0; n < 1_000; n++) {
      time.nowMs = n * 100;
      pacing.mayAsk(`task-${n}`, 'key', 250);
    }
    expect(pacing.size).toBeLessThanOrEqual(4);
  });
});
