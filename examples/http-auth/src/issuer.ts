import { OAuthError, OAuthErrorCode, type OAuthTokenVerifier } from '@modelcontextprotocol/server';
import { generateKeyPair, jwtVerify, SignJWT } from 'jose';

const ALGORITHM = 'ES256';

/** Claims of a token, for callers that want something else than a good token. */
interface TokenClaims {
  readonly audience?: string;
  readonly lifetimeSeconds?: number;
}

/** An authorization server as small as can be: it signs tokens, and says how to check them. */
export interface Issuer {
  readonly url: string;
  tokenFor(user: string, audience: string, claims?: TokenClaims): Promise<string>;
  verifierFor(audience: string): OAuthTokenVerifier;
}

/** Make an issuer with keys of its own. In production this is a server of its own, and the key comes from its JWKS. */
export async function createIssuer(url: string): Promise<Issuer> {
  const { privateKey, publicKey } = await generateKeyPair(ALGORITHM);
  return {
    url,
    tokenFor: (user, audience, claims = {}) =>
      new SignJWT({ client_id: 'letters' })
        .setProtectedHeader({ alg: ALGORITHM })
        .setIssuer(url)
        .setSubject(user)
        .setAudience(claims.audience ?? audience)
        .setExpirationTime(new Date(Date.now() + (claims.lifetimeSeconds ?? 600) * 1_000))
        .sign(privateKey),
    verifierFor: (audience) => ({
      async verifyAccessToken(token) {
        const options = { issuer: url, audience, algorithms: [ALGORITHM], requiredClaims: ['sub', 'exp'] };
        const { payload } = await jwtVerify(token, publicKey, options).catch((cause: unknown) => {
          throw new OAuthError(OAuthErrorCode.InvalidToken, cause instanceof Error ? cause.message : 'invalid token');
        });
        const { iss, sub, exp, client_id: clientId } = payload;
        return { token, clientId: String(clientId), scopes: [], expiresAt: exp ?? 0, extra: { iss, sub } };
      },
    }),
  };
}
