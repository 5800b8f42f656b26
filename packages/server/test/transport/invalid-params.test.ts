import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { asInvalidParams } from '../../src/transport/invalid-params.ts';

function answer(message: string, code = -32603) {
  return asInvalidParams({ jsonrpc: '2.0', id: 1, error: { code, message } }).error;
}
const issues = (schema: z.ZodType, value: unknown) => schema.safeParse(value).error?.message ?? '';
const params = z.object({ params: z.object({ name: z.string(), list: z.array(z.string()).optional() }) });

describe('[INTG-10] [BOUN-01] the words of a validator on params', () => {
  it('become a sentence that is cut and hides nothing', () => {
    expect(answer(issues(params, { params: { name: 1 } }))).toEqual({
      code: -32602,
      message: 'Invalid params: name: Invalid input: expected string, received number',
      data: { code: 'INVALID_ARGUMENTS' },
    });
    const many = Array.from({ length: 400 }, () => 1);
    expect(answer(issues(params, { params: { name: '', list: many } })).message.length).toBeLessThan(1_025);
    const most = Array.from({ length: 20_000 }, () => 1);
    expect(answer(issues(params, { params: { name: '', list: most } }))).toMatchObject({
      code: -32602,
      message: 'Invalid params: they do not fit in many places',
    });
  });

  it('are not taken for what others say', () => {
    for (const message of [
      '[',
      '[]',
      '[1]',
      '[{"path":["own"],"message":"x"}]',
      'Internal error',
      `[${' '.repeat(70_000)}`,
    ]) {
      expect(answer(message)).toEqual({ code: -32603, message });
    }
    const message = issues(params, { params: {} });
    expect(answer(message, -32_000)).toEqual({ code: -32_000, message });
  });
});
