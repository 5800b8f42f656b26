import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newWriteId } from '../../src/index.ts';
import { newTaskId } from '../../src/rules.ts';

describe('newTaskId', () => {
  it('[SEC-08] [TEST-06] has 122 random bits: every hexadecimal digit but the seven fixed bits takes every value', () => {
    const seen = Array.from({ length: 32 }, () => new Set<string>());
    for (let made = 0; made < 2_000; made += 1) {
      const id = newTaskId();
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      Array.from(id.replaceAll('-', '')).forEach((digit, place) => seen[place]?.add(digit));
    }
    const bits = seen.map((digits) => Math.log2(digits.size)).reduce((sum, digit) => sum + digit, 0);
    expect(bits).toBe(122);
  });

  it('[SEC-08] [TEST-07] never makes an id twice, however many are made', () => {
    const made = new Set<string>();
    let count = 0;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), (batch) => {
        for (let number = 0; number < batch; number += 1) made.add(newTaskId());
        count += batch;
        expect(made.size).toBe(count);
      }),
    );
  });
});

describe('newWriteId', () => {
  it('[DURA-08] makes another id of at most 64 ASCII characters for each write', () => {
    const made = Array.from({ length: 1_000 }, () => newWriteId());
    expect(new Set(made).size).toBe(1_000);
    for (const id of made) expect(id).toMatch(/^[\x21-\x7e]{16,64}$/);
  });
});
