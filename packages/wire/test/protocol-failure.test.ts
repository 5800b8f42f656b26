import { JSON_RPC_ERROR, JsonRpcErrorSchema, ProtocolFailure } from '@mcp-tasks/wire';
import { describe, expect, it } from 'vitest';

describe('a protocol failure', () => {
  it('carries code, message and data', () => {
    const { code, message, data } = new ProtocolFailure(JSON_RPC_ERROR.INVALID_PARAMS, 'no such month', { month: 13 });
    expect(JsonRpcErrorSchema.parse({ code, message, data })).toEqual({
      code: -32602,
      message: 'no such month',
      data: { month: 13 },
    });
  });

  it('is known by its brand, also from another copy of the package, and never by a numeric code', () => {
    const foreign = Object.assign(new Error('x'), { [Symbol.for('io.github.mcp-tasks/protocol-failure')]: true });
    expect(ProtocolFailure.is(new ProtocolFailure(-32603, 'x'))).toBe(true);
    expect(ProtocolFailure.is(foreign)).toBe(true);
    const others = [
      Object.assign(new Error('x'), { code: -32603 }),
      { code: 1, message: 'x' },
      null,
      undefined,
      'x',
      1,
    ];
    expect(others.filter((value) => ProtocolFailure.is(value))).toEqual([]);
  });
});
