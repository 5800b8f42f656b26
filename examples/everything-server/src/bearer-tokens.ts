import { type AuthInfo, OAuthError, OAuthErrorCode, type OAuthTokenVerifier } from '@modelcontextprotocol/server';

const HOUR_SECONDS = 3_600;

/** A verifier for which each known token is its own subject. For tests only: such a token proves nothing. */
export function subjectTokens(tokens: ReadonlySet<string>): OAuthTokenVerifier {
  return {
    verifyAccessToken: async (token): Promise<AuthInfo> => {
      if (!tokens.has(token)) throw new OAuthError(OAuthErrorCode.InvalidToken, 'The token is not known.');
      return {
        token,
        clientId: 'everything-server',
        scopes: [],
        expiresAt: Math.floor(Date.now() / 1_000) + HOUR_SECONDS,
        extra: { iss: 'everything-server', sub: token },
      };
    },
  };
}
