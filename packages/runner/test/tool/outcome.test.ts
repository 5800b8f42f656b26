import { ProtocolFailure } from '@mcp-tasks/wire';
import { ProtocolError, UrlElicitationRequiredError } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { protocolFailure, thrownOutcome } from '../../src/tool/outcome.ts';

describe('a JSON-RPC error that a handler throws', () => {
  it('is known by the brand of the MCP SDK, of its subclasses too', () => {
    const error = new ProtocolError(-32050, 'from the SDK', { a: 1 });
    expect(protocolFailure(error)).toEqual({ code: -32050, message: 'from the SDK', data: { a: 1 } });
    expect(protocolFailure(new UrlElicitationRequiredError([], 'needs a visit'))).toMatchObject({
      code: -32042,
      message: 'needs a visit',
    });
  });

  it('keeps its code and message when its data is no JSON', () => {
    expect(protocolFailure(new ProtocolFailure(-32050, 'big', 1n as never))).toEqual({
      code: -32050,
      message: 'big',
      data: undefined,
    });
  });

  it.each([
    { code: -32000, message: 'looks like one' },
    Object.assign(new Error('driver'), { code: -32000 }),
    Object.assign(new Error('ENOENT'), { code: 'ENOENT' }),
    { [Symbol.for('mcp.sdk.errorBrands')]: ['mcp.ProtocolError'], code: 1, message: 'no set' },
    { [Symbol.for('mcp.sdk.errorBrands')]: new Set(['mcp.SdkError']), code: 1, message: 'another brand' },
    new ProtocolFailure(1.5, 'no integer'),
    null,
    undefined,
    'text',
  ])('is nothing else: %s', (thrown) => {
    expect(protocolFailure(thrown)).toBeUndefined();
    expect(thrownOutcome(thrown)).toMatchObject({ kind: 'result', result: { isError: true } });
  });
});
