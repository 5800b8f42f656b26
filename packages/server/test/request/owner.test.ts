import { NO_OWNER, TaskError } from '@mcp-tasks/store';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type OwnerContext, resolveOwner, subjectClientSession } from '../../src/request/owner.ts';

const request = new Request('http://localhost/mcp');

function verified(extra: Record<string, unknown>, clientId = 'app'): OwnerContext {
  return { request, authInfo: { token: 't', clientId, scopes: [], extra } };
}

const ownerOf = (context: OwnerContext): string => resolveOwner(context, {}).owner;

describe('who a caller is to the tasks', () => {
  it('[SEC-01] is issuer and subject of the verified auth', () => {
    const alice = verified({ iss: 'https://a.example', sub: 'alice' });
    expect(resolveOwner(alice, {})).toEqual({ kind: 'owner', owner: '["subject","https://a.example","alice"]' });
    expect(ownerOf(alice)).not.toBe(ownerOf(verified({ iss: 'https://b.example', sub: 'alice' })));
    expect(ownerOf(alice)).not.toBe(ownerOf(verified({ sub: 'alice' })));
  });

  it('[SEC-01] is never the OAuth client or the session by default', () => {
    expect(resolveOwner({ ...verified({}), sessionId: 's1' }, {}).kind).toBe('refused');
    expect(resolveOwner(verified({ sub: 7 }), {}).kind).toBe('refused');
    expect(resolveOwner(verified({ sub: '' }), {}).kind).toBe('refused');
  });

  it('[SEC-01] is the local user where only one can speak', () => {
    const local = resolveOwner({}, {});
    expect(local.kind).toBe('owner');
    expect(local.owner).toMatch(/^\["local",".*"\]$/);
    expect(resolveOwner({ sessionId: 's1' }, {}).kind).toBe('refused');
    expect(resolveOwner({ request }, {}).kind).toBe('refused');
  });

  it('[SEC-01] is what the author says', () => {
    const owner = ({ request: from }: OwnerContext) => from?.headers.get('x-user') ?? undefined;
    const from = (user: string) => new Request(request, { headers: { 'x-user': user } });
    expect(resolveOwner({ request: from('bob') }, { owner })).toEqual({ kind: 'owner', owner: 'bob' });
    expect(resolveOwner({ request }, { owner }).kind).toBe('refused');
  });

  it('[SEC-01] offers the chain of subject, client and session as a ready function', () => {
    const chain = (context: OwnerContext) => resolveOwner(context, { owner: subjectClientSession }).owner;
    const alice = verified({ iss: 'i', sub: 'alice' });
    expect(chain(alice)).toBe(ownerOf(alice));
    expect(chain({ ...verified({}), sessionId: 's1' })).toBe('["client","app"]');
    expect(chain({ request, sessionId: 's1' })).toBe('["session","s1"]');
    expect(chain({})).toBe(ownerOf({}));
    expect(resolveOwner({ request }, { owner: subjectClientSession }).kind).toBe('refused');
  });

  it('[SEC-07] is refused without an owner unless that is allowed', () => {
    expect(resolveOwner({ request }, {}).kind).toBe('refused');
    expect(resolveOwner({ request }, { anonymous: 'refuse' })).toEqual({ kind: 'refused', owner: NO_OWNER });
    expect(resolveOwner({ request }, { anonymous: 'allow' }).kind).toBe('anonymous');
  });

  it('[SEC-07] shares the anonymous owner, and idempotency keys only within a session', () => {
    const anonymous = { anonymous: 'allow' } as const;
    expect(resolveOwner({ request }, anonymous).keyScope).toBeNull();
    expect(resolveOwner({ request, sessionId: 's1' }, anonymous).keyScope).toBe('s1');
    expect(resolveOwner(verified({ sub: 'alice' }), anonymous).keyScope).toBeUndefined();
  });

  it('keeps every pair of issuer and subject apart, and apart from the other kinds of owner', () => {
    const name = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('a', 'a"', 'a","b', '\\', 'local', 'anonymous'));
    fc.assert(
      fc.property(name, name, name, name, (iss1, sub1, iss2, sub2) => {
        const same = iss1 === iss2 && sub1 === sub2;
        expect(ownerOf(verified({ iss: iss1, sub: sub1 })) === ownerOf(verified({ iss: iss2, sub: sub2 }))).toBe(same);
        expect(ownerOf(verified({ iss: iss1, sub: sub1 }))).not.toBe(ownerOf({}));
      }),
    );
  });

  it.each([
    ['too long', 'x'.repeat(513)],
    ['too long in bytes', 'é'.repeat(257)],
    ['no well-formed Unicode', 'a\ud800'],
    ['empty', ''],
    ['that of anonymous callers', '["anonymous"]'],
    ['that of callers without tasks', NO_OWNER],
  ])('refuses an owner that is %s', (_what, owner) => {
    expect(() => resolveOwner({}, { owner: () => owner })).toThrow(TaskError);
    expect(() => resolveOwner({}, { owner: () => owner })).toThrow(expect.objectContaining({ code: 'OWNER_INVALID' }));
  });
});
